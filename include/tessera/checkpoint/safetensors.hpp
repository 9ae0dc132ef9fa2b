#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <torch/types.h>

#include <tessera/base/files.hpp>
#include <tessera/base/mapped_file.hpp>

namespace tessera::checkpoint {

struct NamedTensor {
    std::string name;
    at::Tensor tensor;
};

/// Free text by key, kept under "__metadata__".
using Metadata = std::map<std::string, std::string>;

/// One tensor as the header of a file lists it.
struct TensorEntry {
    std::string name;
    at::ScalarType type = at::kFloat;
    std::vector<std::int64_t> shape;
    std::size_t begin = 0;  ///< bytes, from the start of the data section
    std::size_t end = 0;
};

/// Writes tensors in the safetensors layout (github.com/huggingface/safetensors): 8 bytes header
/// length, JSON header, raw little-endian data without gaps. Synced, but not renamed: the caller
/// publishes. Returns the XXH3-128 of the file. Error(environment) when it cannot be written.
std::string write_safetensors(base::FileSystem& files, std::filesystem::path const& path,
                              std::span<NamedTensor const> tensors, Metadata const& metadata = {});

/// A file in that layout, mapped. The constructor checks everything that the header says before any
/// tensor is touched: header at most 100 MB, known element types, no name twice, sizes that
/// multiply without overflow, and data that begins at 0, has no gap, no overlap, and ends with the
/// file. Nothing in such a file is ever executed. Error(bad_input) names file and fault.
class SafetensorsFile {
  public:
    explicit SafetensorsFile(std::filesystem::path const& path);

    std::vector<TensorEntry> const& entries() const { return entries_; }
    Metadata const& metadata() const { return metadata_; }

    bool contains(std::string_view name) const { return find(name) != nullptr; }

    /// A copy in host memory; Error(bad_input) when there is none of that name.
    at::Tensor read(std::string_view name) const;

    /// Copies into `place`, a CPU tensor that must have the same shape and element type.
    void read_into(std::string_view name, at::Tensor const& place) const;

    /// XXH3-128 of the whole file.
    std::string checksum() const;

    std::size_t bytes() const { return file_.bytes().size(); }

  private:
    TensorEntry const* find(std::string_view name) const;
    TensorEntry const& at(std::string_view name) const;

    std::filesystem::path path_;
    base::MappedFile file_;
    std::size_t data_begin_ = 0;
    std::vector<TensorEntry> entries_;
    std::map<std::string, std::size_t, std::less<>> by_name_;
    Metadata metadata_;
};

}  // namespace tessera::checkpoint
