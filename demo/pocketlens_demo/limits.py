"""How much the page takes, keeps and answers at once; sizes in bytes."""

MAX_PHOTO = 20_000_000
MAX_FILE = 300_000_000  # a zip file
MAX_UNPACKED = 2_000_000_000  # the pictures of a zip file
MAX_PICTURES = 1000  # in one request
MAX_UPLOAD = 500_000_000  # a request with files
MAX_JSON = 10_000_000  # any other request
MAX_RECEIVING = 1_000_000_000  # the photos of all requests that are being answered
MAX_STORED = 4_000_000_000  # all uploads together
MINUTES_KEPT = 10  # each upload
MAX_WAITING = 256  # requests
MAX_SESSIONS = 100  # visitors whose state Gradio holds
MAX_CORRECTED = 10_000  # pictures in the folder of --collect
MAX_TEACHERS = 20  # visitors with pictures on the Teach tab
MAX_TAUGHT = 1000  # pictures of one of them
MAX_TAUGHT_BYTES = 100_000_000  # all of these
MAX_TAUGHT_CLASSES = 50
SECONDS_TO_TEACH = 180
LOOPBACK = ("127.0.0.1", "localhost", "::1")  # the addresses that only this computer reaches
