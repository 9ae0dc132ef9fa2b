#include "zip_parts.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>
#include <zlib.h>

#include <tessera/base/files.hpp>

namespace tessera::archive {
namespace {

using base::ByteSpan;
using base::load_little_endian;

constexpr std::uint32_t local_signature = 0x04034b50;
constexpr std::uint32_t entry_signature = 0x02014b50;
constexpr std::uint32_t end_signature = 0x06054b50;
constexpr std::uint32_t end64_signature = 0x06064b50;
constexpr std::uint32_t locator_signature = 0x07064b50;
constexpr std::size_t local_size = 30;
constexpr std::size_t entry_size = 46;
constexpr std::size_t end_size = 22;
constexpr std::size_t end64_size = 56;
constexpr std::size_t locator_size = 20;
constexpr std::size_t longest_comment = 65'535;
constexpr std::uint64_t most_parts = 65'536;
constexpr std::uint32_t in_zip64 = 0xffffffff;
constexpr std::uint16_t zip64_field = 1;

[[noreturn]] void refuse(std::string const& fault) {
    throw std::invalid_argument(fault);
}

std::uint16_t u16(ByteSpan bytes, std::size_t at) {
    return load_little_endian<std::uint16_t>(bytes, at);
}
std::uint32_t u32(ByteSpan bytes, std::size_t at) {
    return load_little_endian<std::uint32_t>(bytes, at);
}
std::uint64_t u64(ByteSpan bytes, std::size_t at) {
    return load_little_endian<std::uint64_t>(bytes, at);
}

/// bytes [offset, offset + size); refused when they do not lie in the file.
ByteSpan part_of(ByteSpan file, std::uint64_t offset, std::uint64_t size, char const* what) {
    if (!base::holds(file.size(), offset, size)) refuse(fmt::format("{} ends outside", what));
    return file.subspan(offset, size);
}

struct Directory {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint64_t entries = 0;
};

std::size_t end_of(ByteSpan file) {
    if (file.size() < end_size) refuse("it is no zip file: too short");
    auto const last = file.size() - end_size;
    auto const first = last > longest_comment ? last - longest_comment : 0;
    for (auto at = last + 1; at-- > first;) {
        if (u32(file, at) == end_signature) return at;
    }
    refuse(
        "it is no zip file: it has no end record (PyTorch before 1.6 wrote other files: load and "
        "save it once with a newer one)");
}

/// The ZIP64 end record before an end record at `end`, if there is one.
Directory directory_of(ByteSpan file) {
    auto const end = end_of(file);
    Directory directory{u32(file, end + 16), u32(file, end + 12), u16(file, end + 10)};
    if (end < locator_size || u32(file, end - locator_size) != locator_signature) return directory;
    auto const record = part_of(file, u64(file, end - locator_size + 8), end64_size, "end record");
    if (u32(record, 0) != end64_signature) refuse("the ZIP64 end record is damaged");
    return {u64(record, 48), u64(record, 40), u64(record, 32)};
}

struct Entry {
    std::string name;
    std::uint32_t crc = 0;
    std::uint64_t size = 0;
    std::uint64_t offset = 0;  ///< of the local header
};

/// Replaces sizes that do not fit 32 bits by those of the ZIP64 field, in its fixed order.
void read_zip64(ByteSpan extra, std::uint64_t packed, Entry& entry) {
    std::vector<std::uint64_t*> wanted;
    if (entry.size == in_zip64) wanted.push_back(&entry.size);
    if (packed == in_zip64) wanted.push_back(&packed);
    if (entry.offset == in_zip64) wanted.push_back(&entry.offset);
    while (extra.size() >= 4 && !wanted.empty()) {
        auto const length = u16(extra, 2);
        auto const field = part_of(extra, 4, length, "an extra field");
        if (u16(extra, 0) == zip64_field) {
            if (field.size() < 8 * wanted.size()) refuse("a ZIP64 field is too short");
            for (std::size_t i = 0; i < wanted.size(); ++i) *wanted[i] = u64(field, 8 * i);
            return;
        }
        extra = extra.subspan(4U + length);
    }
}

/// Reads one entry and moves `directory` behind it.
Entry next_entry(ByteSpan& directory) {
    auto const head = part_of(directory, 0, entry_size, "the directory");
    if (u32(head, 0) != entry_signature) refuse("the directory is damaged");
    auto const name_size = u16(head, 28);
    auto const extra_size = u16(head, 30);
    auto const whole = std::uint64_t{entry_size} + name_size + extra_size + u16(head, 32);
    auto const all = part_of(directory, 0, whole, "the directory");
    Entry entry;
    auto const name = all.subspan(entry_size, name_size);
    entry.name.assign(reinterpret_cast<char const*>(name.data()), name.size());
    if (u16(head, 10) != 0) {
        refuse(fmt::format("its part '{}' is compressed", base::printable(entry.name)));
    }
    entry.crc = u32(head, 16);
    entry.size = u32(head, 24);
    entry.offset = u32(head, 42);
    read_zip64(all.subspan(entry_size + name_size, extra_size), u32(head, 20), entry);
    directory = directory.subspan(whole);
    return entry;
}

std::uint32_t crc_of(ByteSpan bytes) {
    constexpr std::size_t most = 1U << 30U;  // zlib counts in unsigned int
    auto crc = ::crc32(0, nullptr, 0);
    while (!bytes.empty()) {
        auto const some = bytes.first(std::min(bytes.size(), most));
        crc = ::crc32(crc, reinterpret_cast<Bytef const*>(some.data()),
                      static_cast<uInt>(some.size()));
        bytes = bytes.subspan(some.size());
    }
    return static_cast<std::uint32_t>(crc);
}

ByteSpan content_of(ByteSpan file, Entry const& entry) {
    auto const head = part_of(file, entry.offset, local_size, "a local header");
    if (u32(head, 0) != local_signature) refuse("a local header is damaged");
    auto const skipped = std::uint64_t{local_size} + u16(head, 26) + u16(head, 28);
    if (entry.offset > std::numeric_limits<std::uint64_t>::max() - skipped) refuse("an offset");
    auto const content = part_of(file, entry.offset + skipped, entry.size, "a part");
    if (crc_of(content) != entry.crc) {
        refuse(fmt::format("its part '{}' is damaged: the CRC-32 does not match",
                           base::printable(entry.name)));
    }
    return content;
}

/// Parts that share bytes let a small file claim to be a huge one.
void refuse_overlaps(ZipParts const& parts) {
    std::vector<ByteSpan> spans;
    for (auto const& [name, bytes] : parts) spans.push_back(bytes);
    std::ranges::sort(spans, {}, [](ByteSpan const& span) { return span.data(); });
    for (std::size_t i = 1; i < spans.size(); ++i) {
        if (spans[i].data() < spans[i - 1].data() + spans[i - 1].size()) refuse("parts overlap");
    }
}

}  // namespace

ZipParts zip_parts(ByteSpan file) {
    auto const directory = directory_of(file);
    if (directory.entries > most_parts) refuse("it has too many parts");
    auto rest = part_of(file, directory.offset, directory.size, "the directory");
    std::vector<Entry> entries;
    for (std::uint64_t i = 0; i < directory.entries; ++i) entries.push_back(next_entry(rest));
    ZipParts parts;
    std::uint64_t total = 0;
    for (auto const& entry : entries) {
        // Checked before any byte is summed: overlapping parts would cost more than the file holds.
        if (entry.size > file.size() - total) refuse("its parts are larger than the file");
        total += entry.size;
        if (!parts.emplace(entry.name, content_of(file, entry)).second) {
            refuse(fmt::format("it names '{}' twice", base::printable(entry.name)));
        }
    }
    refuse_overlaps(parts);
    return parts;
}

}  // namespace tessera::archive
