#include "safetensors_header.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>

namespace tessera::checkpoint {

namespace {

constexpr std::size_t length_bytes = 8;
constexpr std::size_t longest_header = 100'000'000;  // the limit of the format

[[noreturn]] void refuse(std::string const& fault) {
    throw std::invalid_argument(fault);
}

/// Bytes that a tensor of this shape takes; refuses what does not fit in 64 bits.
std::size_t checked_size(TensorEntry const& entry) {
    std::size_t size = c10::elementSize(entry.type);
    for (auto const axis : entry.shape) {
        if (__builtin_mul_overflow(size, static_cast<std::size_t>(axis), &size)) {
            refuse(fmt::format("the size of tensor '{}' overflows", base::printable(entry.name)));
        }
    }
    return size;
}

/// The data must be covered from 0 to its end, each byte by one tensor.
void check_cover(std::vector<TensorEntry>& entries, std::size_t data_bytes) {
    std::ranges::sort(entries, {}, [](auto const& e) { return std::pair(e.begin, e.end); });
    std::size_t expected = 0;
    for (auto const& entry : entries) {
        auto const name = base::printable(entry.name);
        if (entry.begin != expected || entry.end < entry.begin) {
            refuse(fmt::format("the data of tensor '{}' begins at {}, not at {}", name, entry.begin,
                               expected));
        }
        if (entry.end - entry.begin != checked_size(entry)) {
            refuse(fmt::format("tensor '{}' has {} bytes of data, its shape needs {}", name,
                               entry.end - entry.begin, checked_size(entry)));
        }
        expected = entry.end;
    }
    if (expected != data_bytes) {
        refuse(fmt::format("the tensors take {} bytes of data, the file has {}", expected,
                           data_bytes));
    }
}

SafetensorsHeader parse(base::ByteSpan file) {
    if (!base::holds(file.size(), 0, length_bytes)) refuse("it is shorter than 8 bytes");
    auto const length = base::load_little_endian<std::uint64_t>(file, 0);
    if (length > longest_header) {
        refuse(fmt::format("its header claims {} bytes, at most {} are allowed", length,
                           longest_header));
    }
    if (!base::holds(file.size(), length_bytes, length)) {
        refuse(fmt::format("its header claims {} bytes, the file has {}", length, file.size()));
    }
    auto const text = file.subspan(length_bytes, length);
    auto header = parse_header_json({reinterpret_cast<char const*>(text.data()), text.size()});
    header.data_begin = length_bytes + length;
    check_cover(header.entries, file.size() - header.data_begin);
    return header;
}

}  // namespace

SafetensorsHeader parse_header(base::ByteSpan file, std::filesystem::path const& path) {
    try {
        return parse(file);
    } catch (std::invalid_argument const& fault) {
        base::fail(base::ExitCode::bad_input, "'{}' is no sound safetensors file: {}",
                   base::printable(path.string()), fault.what());
    }
}

}  // namespace tessera::checkpoint
