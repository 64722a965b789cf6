"""Writes turned.heic and transparent.heic, as phones and editors make them; pi-heif only reads.

Upright both are 64 x 48: left a dark quarter, top right a bright one, grey between. The first is
stored turned, which its container and its EXIF block say, each for itself. The second fades from
transparent at the top to opaque.

Run: pip install pillow-heif && python tests/data/make_heic.py
"""

from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()
HERE = Path(__file__).parent

pixels = np.full((48, 64, 3), 120, np.uint8)
pixels[:, :16] = 0
pixels[:16, 48:] = (255, 200, 0)
upright = Image.fromarray(pixels)

exif = Image.Exif()
exif[0x0112] = 6
stored = upright.transpose(Image.Transpose.ROTATE_90)
stored.save(HERE / "turned.heic", exif=exif.tobytes(), quality=80)

upright.putalpha(Image.linear_gradient("L").resize(upright.size))
upright.save(HERE / "transparent.heic", quality=80)
