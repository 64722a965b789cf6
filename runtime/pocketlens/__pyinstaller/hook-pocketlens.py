"""The bundled model, for every application that imports pocketlens."""

from PyInstaller.utils.hooks import collect_data_files

datas = collect_data_files("pocketlens")
