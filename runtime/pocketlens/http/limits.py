"""How much is taken, kept and waited for; sizes in bytes."""

MAX_PICTURE = 20_000_000
MAX_PICTURES = 20  # in one request
MAX_BODY = 100_000_000
MAX_HEADERS = 64_000
MAX_RECEIVING = 256_000_000  # all requests that are being sent, together
MAX_WAITING = 256  # pictures that wait for an answer
MAX_WAITING_BYTES = 256_000_000  # these together
MAX_CONNECTIONS = 2000  # those whose client is to send or to read
MAX_PIPELINED = 16  # requests on one connection
MAX_BATCH = 8  # pictures that are answered together
SECONDS_TO_SEND = 60  # a request, headers and body
SECONDS_TO_FINISH = 10  # after SIGTERM
SECONDS_TO_RETRY = 1
