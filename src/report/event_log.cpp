#include <array>
#include <bit>

#include <fmt/format.h>

#include <tessera/report/event_log.hpp>

namespace tessera::report {

namespace {

constexpr std::array<std::uint32_t, 256> crc_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        auto crc = byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) * 0x82F63B78U);
        table[byte] = crc;
    }
    return table;
}

base::ByteSpan bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

/// As TFRecord stores checksums: rotated and shifted, since a CRC over a CRC is weak.
std::uint32_t masked_crc(std::string_view text) {
    return std::rotr(crc32c(bytes_of(text)), 15) + 0xA282EAD8U;
}

template <class T>
void append_little_endian(std::string& out, T value) {
    for (std::size_t i = 0; i < sizeof value; ++i) out += static_cast<char>(value >> (8 * i));
}

// Protocol buffers, wire format: a tag is (field number << 3 | type), types 0 varint, 1 64-bit,
// 2 length-delimited, 5 32-bit.
enum class Wire : unsigned { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

void append_varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) out += static_cast<char>(value | 0x80U);
    out += static_cast<char>(value);
}

void append_tag(std::string& out, unsigned field, Wire type) {
    append_varint(out, field << 3U | static_cast<unsigned>(type));
}

void append_bytes(std::string& out, unsigned field, std::string_view bytes) {
    append_tag(out, field, Wire::bytes);
    append_varint(out, bytes.size());
    out += bytes;
}

/// tensorflow.Event: 1 wall_time double, 2 step int64, 3 file_version string, 5 summary.
std::string event(double seconds, std::int64_t step) {
    std::string out;
    append_tag(out, 1, Wire::fixed64);
    append_little_endian(out, std::bit_cast<std::uint64_t>(seconds));
    append_tag(out, 2, Wire::varint);
    append_varint(out, static_cast<std::uint64_t>(step));
    return out;
}

/// tensorflow.Summary.Value: 1 tag string, 2 simple_value float.
std::string summary_value(Scalar const& scalar) {
    std::string out;
    append_bytes(out, 1, scalar.tag);
    append_tag(out, 2, Wire::fixed32);
    append_little_endian(out, std::bit_cast<std::uint32_t>(scalar.value));
    return out;
}

}  // namespace

std::uint32_t crc32c(base::ByteSpan bytes) {
    static constexpr auto table = crc_table();
    std::uint32_t crc = ~0U;
    for (auto const byte : bytes) {
        crc = (crc >> 8U) ^ table[(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xFFU];
    }
    return ~crc;
}

EventLog::EventLog(base::FileSystem& files, std::filesystem::path const& folder, double seconds,
                   std::string_view writer)
    : file_(files.create(folder / fmt::format("events.out.tfevents.{:010}.{}",
                                              static_cast<std::int64_t>(seconds), writer))) {
    auto first = event(seconds, 0);
    append_bytes(first, 3, "brain.Event:2");
    write_record(first);
}

void EventLog::add(std::int64_t step, double seconds, std::span<Scalar const> scalars) {
    std::string summary;
    for (auto const& scalar : scalars) append_bytes(summary, 1, summary_value(scalar));
    auto message = event(seconds, step);
    append_bytes(message, 5, summary);
    write_record(message);
}

void EventLog::close() {
    file_->close();
}

void EventLog::write_record(std::string_view message) {
    std::string record;
    append_little_endian(record, std::uint64_t{message.size()});
    append_little_endian(record, masked_crc(record));
    record += message;
    append_little_endian(record, masked_crc(message));
    file_->write(bytes_of(record));
}

}  // namespace tessera::report
