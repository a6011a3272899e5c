from .export import export_model as export_model
from .pack import pack_bundle as pack_bundle
