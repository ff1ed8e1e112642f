"""Writers of sets of objects: each file has ``write``, which fills a new folder."""
