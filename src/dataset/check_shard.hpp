#pragma once

#include <string>
#include <vector>

#include <tessera/dataset/manifest.hpp>
#include <tessera/dataset/store.hpp>

namespace tessera::dataset {

/// What is wrong with the values of a shard's columns, by the list in datasets/FORMAT.md ("Checks
/// of a shard"): one line a column, with the first row at fault. Reads every value once, and no
/// value leads outside its column.
std::vector<std::string> faults_of(ShardColumns const& columns, ShardEntry const& entry,
                                   Manifest const& manifest);

}  // namespace tessera::dataset
