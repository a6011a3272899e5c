"""A random forest on multi-scale features, as Trainable Weka Segmentation and ilastik grow it, and the features."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

import numpy as np
from joblib import Parallel, delayed
from skimage.feature import multiscale_basic_features
from sklearn.ensemble import RandomForestClassifier

from synfine_monai.baselines.baseline import Baseline, labelled_voxels, thin_out
from synfine_monai.data import LabelledSlice

_MOST_VOXELS = 200_000
_CHUNK = 50_000  # voxels
_SIGMAS = (0.5, 16.0)  # pixels; doubled from one to the other
_REACH = 68  # pixels: four sigmas of the widest Gaussian, and the derivatives taken after it
_BAND = 512  # rows


class RandomForestBaseline(Baseline):
    """100 trees, grown on every labelled voxel's multi-scale features, seen with the context of the whole slice.

    Classes count as often as they are labelled, or all alike. The training features are kept in half precision, and
    the forest is grown anew from them when it is loaded: no pickles, and the same seed grows the same trees.

    Args:
        seed: of the trees, and of the draw if more than 200,000 voxels are labelled.
        trees: number of trees.
        balanced: all classes weigh the same, however often they are labelled.

    Source: Arganda-Carreras et al. 2017, doi:10.1093/bioinformatics/btx180; Berg et al. 2019,
    doi:10.1038/s41592-019-0582-9.
    """

    name: ClassVar[str] = "random_forest"

    def __init__(self, seed: int = 0, trees: int = 100, balanced: bool = False) -> None:
        self.seed, self.trees, self.balanced = int(seed), int(trees), bool(balanced)
        self.features = np.empty((0, 0), dtype=np.float16)
        self.labels = np.empty(0, dtype=np.uint8)
        self.forest: RandomForestClassifier | None = None

    def fit(self, slices: Sequence[LabelledSlice]) -> Self:
        masks = labelled_voxels(slices)
        pairs = [(scan_slice, mask) for scan_slice, mask in zip(slices, masks, strict=True) if mask.any()]
        features = np.concatenate([_half(multiscale_features(s.image)[mask]) for s, mask in pairs])
        labels = np.concatenate([s.label[mask] for s, mask in pairs])
        kept = thin_out(len(labels), _MOST_VOXELS, np.random.default_rng(self.seed))
        return self._grow(features[kept], labels[kept])

    def classify(self, image: np.ndarray, fov: np.ndarray) -> np.ndarray:
        return np.concatenate(
            [self._classify_features(features[fov[rows]]) for rows, features in features_of_rows(image)]
        )

    def chances(self, image: np.ndarray) -> np.ndarray:
        """(H, W, classes it was grown on) float32: share of the trees that vote for each class."""
        rows = [features.reshape(-1, features.shape[-1]) for _, features in features_of_rows(image)]
        votes = np.concatenate([self.forest.predict_proba(one) for one in rows]).astype(np.float32)
        return votes.reshape(*image.shape, -1)

    def arrays(self) -> dict[str, np.ndarray]:
        settings = np.array([self.seed, self.trees, self.balanced], dtype=np.int64)
        return {"features": self.features, "labels": self.labels, "seed_and_trees": settings}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        return cls(*arrays["seed_and_trees"])._grow(arrays["features"], arrays["labels"])

    def _grow(self, features: np.ndarray, labels: np.ndarray) -> Self:
        self.features, self.labels = features, labels
        weight = "balanced" if self.balanced else None
        forest = RandomForestClassifier(self.trees, random_state=self.seed, n_jobs=-1, class_weight=weight)
        self.forest = forest.fit(features.astype(np.float32), labels)
        # Trees that vote in parallel are summed in any order; voxels in parallel keep the votes, and so the ties.
        self.forest.n_jobs = 1
        return self

    def _classify_features(self, features: np.ndarray) -> np.ndarray:
        chunks = np.array_split(features, max(1, -(-len(features) // _CHUNK)))
        chunks = [chunk for chunk in chunks if len(chunk)]
        votes = Parallel(n_jobs=-1, prefer="threads")(delayed(self.forest.predict)(chunk) for chunk in chunks)
        return np.concatenate(votes).astype(np.uint8) if votes else np.empty(0, dtype=np.uint8)


def _half(features: np.ndarray) -> np.ndarray:
    limit = np.finfo(np.float16).max
    return np.clip(features, -limit, limit).astype(np.float16)


def multiscale_features(image: np.ndarray) -> np.ndarray:
    """(H, W) float -> (H, W, 24) float32: Gaussian, gradient and both Hessian eigenvalues at sigma 0.5 to 16 pixels."""
    return multiscale_basic_features(image.astype(np.float32), sigma_min=_SIGMAS[0], sigma_max=_SIGMAS[1])


def features_of_rows(image: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """The same features in bands of rows, so that a wide slice does not need 24 times its memory at once.

    Yields:
        The rows of a band, and their features (rows, W, 24), equal to those of the whole slice.
    """
    height = len(image)
    for start in range(0, height, _BAND):
        stop = min(start + _BAND, height)
        above, below = max(0, start - _REACH), min(height, stop + _REACH)
        yield slice(start, stop), multiscale_features(image[above:below])[start - above : stop - above]
