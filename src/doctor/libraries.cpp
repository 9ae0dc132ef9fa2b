#include "libraries.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <link.h>

namespace tessera::doctor {

namespace {

constexpr std::array<std::string_view, 4> single_copy{"libmpi", "libhdf5", "libnccl", "libcudart"};

int note_library(dl_phdr_info* info, std::size_t, void* result) {
    std::string_view const path = info->dlpi_name;
    auto const file = path.substr(path.find_last_of('/') + 1);
    // libhdf5_openmpi.so.103 and libhdf5.so.103 are two builds of one library, libhdf5_hl is
    // another.
    for (auto const known : single_copy) {
        auto const rest = file.substr(std::min(known.size(), file.size()));
        if (!file.starts_with(known)) continue;
        if (!rest.starts_with(".so") && !rest.starts_with("_openmpi.so") &&
            !rest.starts_with("_mpich.so") && !rest.starts_with("_serial.so"))
            continue;
        (*static_cast<LoadedLibraries*>(result))[std::string(known)].emplace_back(path);
    }
    return 0;
}

// c10::detail::torchCheckFail(char const*, char const*, unsigned, std::string const&), new strings.
constexpr auto new_abi_symbol =
    "_ZN3c106detail14torchCheckFailEPKcS2_jRKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE";

/// The package without LibTorch leaves the training programs out.
bool trains_here() {
    std::error_code error;
    auto const self = std::filesystem::read_symlink("/proc/self/exe", error);
    return !error && std::filesystem::exists(self.parent_path() / "tessera-pretrain", error);
}

}  // namespace

LoadedLibraries loaded_libraries() {
    LoadedLibraries result;
    ::dl_iterate_phdr(note_library, &result);
    return result;
}

Findings judge_copies(LoadedLibraries const& loaded) {
    Findings findings;
    for (auto const& [library, files] : loaded) {
        if (files.size() < 2) continue;
        findings.push_back(
            {"libraries", Level::fault,
             fmt::format("{} copies of {} in one process: {}", files.size(), library,
                         fmt::join(files, ", ")),
             "build HDF5 and Tessera with the same MPI, and take NCCL and the CUDA runtime from "
             "LibTorch's own folder; look at LD_LIBRARY_PATH and LD_PRELOAD"});
    }
    if (findings.empty())
        findings.push_back({"libraries", Level::fine, "one copy of each of MPI and HDF5", ""});
    return findings;
}

Findings judge_hdf5(hdf5::Hdf5Facts const& facts) {
    if (facts.version != facts.built_with) {
        return {{"hdf5", Level::fault,
                 fmt::format("HDF5 {} is loaded, but this was built with {}: HDF5 ends the program "
                             "on first use",
                             facts.version, facts.built_with),
                 "load the module that Tessera was built with, or build it again"}};
    }
    if (!facts.parallel) {
        return {{"hdf5", Level::note, fmt::format("HDF5 {} without MPI", facts.version),
                 "nothing to do: each shard has one writer"}};
    }
    return {{"hdf5", Level::fine, fmt::format("HDF5 {}, parallel", facts.version), ""}};
}

TorchFacts torch_facts() {
    TorchFacts facts{.built_with = TESSERA_LIBTORCH_VERSION, .error = {}, .new_abi = true};
    if (facts.built_with.empty() || !trains_here()) return {};
    auto* const library = ::dlopen("libtorch_cpu.so", RTLD_LAZY | RTLD_LOCAL);
    if (library == nullptr) {
        facts.error = ::dlerror();
        return facts;
    }
    facts.new_abi = ::dlsym(library, new_abi_symbol) != nullptr;
    return facts;
}

Findings judge_torch(TorchFacts const& facts) {
    if (facts.built_with.empty()) {
        return {{"libtorch", Level::note,
                 "no training program is installed here, so without LibTorch",
                 "for training build with TESSERA_TORCH=ON"}};
    }
    if (!facts.error.empty()) {
        return {{"libtorch", Level::fault,
                 fmt::format("LibTorch cannot be loaded: {}", facts.error),
                 "run containers/setup.sh on this node, or put the tree where every node sees it "
                 "and build with -DTESSERA_LIBTORCH=<folder>"}};
    }
    if (!facts.new_abi) {
        return {{"libtorch", Level::fault, "LibTorch was built with the old C++ ABI",
                 fmt::format("use the pinned {} (containers/versions.env), or one with "
                             "_GLIBCXX_USE_CXX11_ABI=1",
                             facts.built_with)}};
    }
    return {{"libtorch", Level::fine, fmt::format("LibTorch {}, C++11 ABI", facts.built_with), ""}};
}

}  // namespace tessera::doctor
