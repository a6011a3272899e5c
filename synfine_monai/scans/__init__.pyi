from .base import Scan as Scan, ScanInfo as ScanInfo, one_line as one_line
from .chunked_output import (
    ChunkedOutput as ChunkedOutput,
    begin_outputs as begin_outputs,
    begun_by as begun_by,
    chunks_left as chunks_left,
    made_by as made_by,
    slices_done as slices_done,
)
from .formats.slice_folder import slice_files as slice_files
from .formats.table import FORMATS as FORMATS, Format as Format
from .label_store import LabelStore as LabelStore
from .monai_io import ScanReader as ScanReader, ScanWriter as ScanWriter
from .optional import optional_library as optional_library
from .scan import (
    create_scan as create_scan,
    extension_of as extension_of,
    format_of as format_of,
    labels_path as labels_path,
    new_scan_info as new_scan_info,
    open_scan as open_scan,
    stem_of as stem_of,
)
from .sink import ScanSink as ScanSink
from .slabs import slab_slices as slab_slices, slab_with_halo as slab_with_halo, thick_slab_voxels as thick_slab_voxels
from .store_lock import StoreLock as StoreLock
from .voxel_size import MICROMETRES as MICROMETRES
