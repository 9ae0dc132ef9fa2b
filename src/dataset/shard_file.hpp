#pragma once

#include "shard_buffers.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <tessera/dataset/schema.hpp>
#include <tessera/dataset/shard_writer.hpp>
#include <tessera/hdf5/dataset.hpp>
#include <tessera/hdf5/file.hpp>

namespace tessera::dataset {

/// A dataset of a shard file: everything about it but its bytes.
struct ShardDataset {
    std::string name;
    hdf5::ElementType type;
    hdf5::Shape shape;

    std::uint64_t bytes() const { return shape.rows * shape.row_elements() * hdf5::size_of(type); }
};

/// All datasets of a shard: the columns in their order, then the label sets.
std::vector<ShardDataset> shard_datasets(ShardCounts const& counts,
                                         std::vector<std::string> const& label_sets);

/// Writes the shard's HDF5 file at `path`; returns where in it each dataset starts.
std::map<std::string, std::uint64_t> write_shard_file(std::filesystem::path const& path,
                                                      ShardSettings const& settings,
                                                      ShardBuffers const& buffers);

}  // namespace tessera::dataset
