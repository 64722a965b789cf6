"""Tells PyInstaller the page's files and those of Gradio, which reads its own source files too."""

from PyInstaller.utils.hooks import collect_data_files, copy_metadata

datas = collect_data_files("pocketlens_demo")
for _package in ("gradio_client", "groovy", "safehttpx"):
    datas += collect_data_files(_package)
# Leaves out its server for Node and its sample media, a quarter of its size.
datas += collect_data_files("gradio", excludes=["templates/node", "media_assets"])
# Versions for the requirements of a Space.
datas += copy_metadata("gradio") + copy_metadata("numpy")
# A Space is made of the packages' sources.
module_collection_mode = {"gradio": "py", "pocketlens": "pyz+py", "pocketlens_demo": "pyz+py"}
