#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tessera/base/bytes.hpp>
#include <tessera/hdf5/file.hpp>
#include <tessera/hdf5/handle.hpp>

namespace tessera::hdf5 {

/// Element types we store; little-endian in the file.
enum class ElementType { uint8, uint16, uint32, uint64, int32, int64 };

std::size_t size_of(ElementType type);
char const* name(ElementType type);

template <class T>
consteval ElementType element_type() {
    if constexpr (std::same_as<T, std::uint8_t>) return ElementType::uint8;
    if constexpr (std::same_as<T, std::uint16_t>) return ElementType::uint16;
    if constexpr (std::same_as<T, std::uint32_t>) return ElementType::uint32;
    if constexpr (std::same_as<T, std::uint64_t>) return ElementType::uint64;
    if constexpr (std::same_as<T, std::int32_t>) return ElementType::int32;
    if constexpr (std::same_as<T, std::int64_t>) return ElementType::int64;
}

/// [rows] when `width` is 0, [rows, width] otherwise.
struct Shape {
    std::uint64_t rows = 0;
    std::uint64_t width = 0;

    std::uint64_t row_elements() const { return width == 0 ? 1 : width; }
    bool operator==(Shape const&) const = default;
};

/// A contiguous dataset, or any dataset for reading. Lives no longer than its file.
class Dataset {
  public:
    /// Space is allocated at once and not filled: write all of it.
    static Dataset create(File& file, std::string const& name, ElementType type, Shape shape);

    /// Error(bad_input) when it is absent, of another element type, or not of rank 1 or 2.
    static Dataset open(File const& file, std::string const& name, ElementType type);

    Shape shape() const { return shape_; }

    /// Whole rows from `first_row` on; `bytes` holds elements in native order.
    void write(std::uint64_t first_row, base::ByteSpan bytes);
    void read(std::uint64_t first_row, std::span<std::byte> bytes) const;

    /// Byte of the file at which the elements start; none when the dataset is empty or not
    /// contiguous.
    std::optional<std::uint64_t> file_offset() const;

  private:
    Dataset(std::string shown, std::shared_ptr<OutputFault const> fault, Handle handle,
            ElementType type, Shape shape)
        : shown_(std::move(shown)),
          fault_(std::move(fault)),
          handle_(std::move(handle)),
          type_(type),
          shape_(shape) {}

    std::uint64_t checked_rows(std::uint64_t first_row, std::size_t bytes) const;

    std::string shown_;
    std::shared_ptr<OutputFault const> fault_;  // of the file; null for reading
    Handle handle_;
    ElementType type_;
    Shape shape_;
};

/// A run of rows that lies in another file (path relative to the referring file's folder).
struct VirtualPart {
    std::string file;
    std::uint64_t rows = 0;
};

/// Makes `name` in `file` the concatenation of the datasets `name` of the parts, by reference.
void create_virtual(File& file, std::string const& name, ElementType type, std::uint64_t width,
                    std::vector<VirtualPart> const& parts);

}  // namespace tessera::hdf5
