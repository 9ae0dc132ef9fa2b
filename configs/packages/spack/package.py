# Spack recipe; never run here. Put the folder of a package `tessera` into a repository of your own:
#   spack repo create mine && mkdir -p mine/packages/tessera && cp package.py mine/packages/tessera/
#   spack repo add mine && spack install tessera
from spack.package import *


class Tessera(CMakePackage):
    """Learning from network traffic: captures to tokens, pre-training, grades."""

    # From a checkout: `spack dev-build tessera@main`.
    version("main", branch="main")

    variant("torch", default=True, description="training and grading (needs LibTorch)")
    variant("cuda", default=False, when="+torch", description="CUDA and NCCL paths")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.22:", type="build")
    depends_on("ninja", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi")
    depends_on("hdf5+mpi")
    depends_on("libpcap")
    depends_on("zlib-api")
    depends_on("zstd")
    depends_on("openssl")
    depends_on("xxhash")
    depends_on("cli11")
    depends_on("tomlplusplus")
    depends_on("spdlog+fmt_external")
    depends_on("fmt")
    depends_on("nlohmann-json")
    # 2.10 is the last line with code for V100 on the CUDA 12 toolkit.
    depends_on("py-torch@2.10", when="+torch")
    depends_on("py-torch+cuda+nccl", when="+cuda")

    def cmake_args(self):
        args = [
            self.define("TESSERA_TESTS", False),
            self.define_from_variant("TESSERA_TORCH", "torch"),
            self.define_from_variant("TESSERA_CUDA", "cuda"),
        ]
        if self.spec.satisfies("+torch"):
            # The tree that holds torch/ (and nvidia/ for wheels), as in site-packages.
            args.append(self.define("TESSERA_LIBTORCH", python_platlib))
        return args
