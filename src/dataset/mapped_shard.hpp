#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <tessera/base/mapped_file.hpp>
#include <tessera/dataset/manifest.hpp>
#include <tessera/dataset/store.hpp>

namespace tessera::dataset {

/// Columns of a shard in its mapped file, from the places its entry names. Error(bad_input) when
/// the file has another size than the entry says or a bounds column begins or ends wrongly.
ShardColumns shard_columns(base::MappedFile const& file, ShardEntry const& entry,
                           std::vector<LabelSet> const& labels, std::string const& shown);

}  // namespace tessera::dataset
