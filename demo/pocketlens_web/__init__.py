"""A model as one web page that answers by itself."""
