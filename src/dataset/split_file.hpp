#pragma once

#include <string>

#include <tessera/dataset/split.hpp>

namespace tessera::dataset {

/// The split that `like` names, as STORE/NAME or as STORE for one called `name`: how it was asked
/// for, its groups and cuts, and in `like` the checksums of store and split; no folds.
/// Error(bad_input) when it is absent, damaged, or belongs to another store.
Split read_like(std::string const& like, std::string const& name);

}  // namespace tessera::dataset
