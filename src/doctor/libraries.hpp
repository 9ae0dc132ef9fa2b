#pragma once

#include <map>
#include <string>
#include <vector>

#include <tessera/doctor/finding.hpp>
#include <tessera/hdf5/facts.hpp>

namespace tessera::doctor {

/// Files of the shared libraries in this process, by the first part of their name ("libmpi").
using LoadedLibraries = std::map<std::string, std::vector<std::string>>;
LoadedLibraries loaded_libraries();

/// Two copies of one of these in a process speak past each other (PyTorch issue 42517 for NCCL).
Findings judge_copies(LoadedLibraries const& loaded);

Findings judge_hdf5(hdf5::Hdf5Facts const& facts);

struct TorchFacts {
    std::string built_with;  ///< version this was built for; empty: nothing here trains
    std::string error;       ///< why it cannot be loaded; empty: it can
    bool new_abi = true;     ///< its strings are std::__cxx11::basic_string
};

TorchFacts torch_facts();
Findings judge_torch(TorchFacts const& facts);

}  // namespace tessera::doctor
