#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <stdexcept>
#include <vector>

#include <packet_builder.hpp>

#include <tessera/base/time.hpp>

namespace tessera::test {

enum class ByteOrder { little, big };

inline void put(Bytes& bytes, std::uint64_t value, unsigned count, ByteOrder order) {
    for (unsigned i = 0; i < count; ++i) {
        auto const shift = 8 * (order == ByteOrder::big ? count - 1 - i : i);
        bytes.push_back(static_cast<std::byte>((value >> shift) & 0xff));
    }
}

struct PcapStyle {
    ByteOrder order = ByteOrder::little;
    std::uint32_t magic = 0xa1b2c3d4;  ///< 0xa1b23c4d: nanoseconds
    std::uint32_t link_type = 1;
    std::uint32_t snap_length = 262'144;
};

/// A classic pcap file in memory, packet by packet.
class PcapWriter {
  public:
    explicit PcapWriter(PcapStyle style = {}) : style_(style) {
        field(style.magic, 4);
        field(2, 2);
        field(4, 2);
        field(0, 8);
        field(style.snap_length, 4);
        field(style.link_type, 4);
    }

    /// `wire_length` 0: as captured.
    void add(std::span<std::byte const> frame, base::Nanoseconds time = 0,
             std::size_t wire_length = 0) {
        auto const fraction = time % base::nanoseconds_per_second;
        field(static_cast<std::uint64_t>(time / base::nanoseconds_per_second), 4);
        field(static_cast<std::uint64_t>(style_.magic == 0xa1b23c4d ? fraction : fraction / 1000),
              4);
        field(frame.size(), 4);
        field(wire_length == 0 ? frame.size() : wire_length, 4);
        bytes_.insert(bytes_.end(), frame.begin(), frame.end());
    }

    Bytes const& bytes() const { return bytes_; }

  private:
    void field(std::uint64_t value, unsigned count) { put(bytes_, value, count, style_.order); }

    PcapStyle style_;
    Bytes bytes_;
};

inline std::filesystem::path save(std::filesystem::path const& path,
                                  std::span<std::byte const> bytes) {
    std::ofstream file(path, std::ios::binary);
    for (auto const byte : bytes) file.put(std::to_integer<char>(byte));
    if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
    return path;
}

}  // namespace tessera::test
