#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <capture_builder.hpp>
#include <scratch.hpp>

#include <tessera/capture/capture_reader.hpp>

namespace tessera::test {

struct ReadPacket {
    Bytes bytes;
    std::uint32_t wire_length = 0;
    packet::LinkType link = packet::LinkType::ethernet;
    base::Nanoseconds time = 0;
};

struct ReadCapture {
    std::vector<ReadPacket> packets;
    std::optional<capture::ReadFault> fault;
    std::string format;
};

inline ReadCapture read_all(std::filesystem::path const& path,
                            capture::CaptureLimits const& limits = {}) {
    auto const reader = capture::open_capture(path, limits);
    ReadCapture result{{}, {}, reader->format()};
    for (packet::Frame frame; reader->next(frame);) {
        result.packets.push_back({Bytes(frame.bytes.begin(), frame.bytes.end()), frame.wire_length,
                                  frame.link, frame.time});
    }
    packet::Frame none;
    if (reader->next(none)) throw std::logic_error("a reader went on after its end");
    result.fault = reader->fault();
    return result;
}

inline ReadCapture read_all(Bytes const& bytes, capture::CaptureLimits const& limits = {}) {
    Scratch const scratch;
    return read_all(save(scratch / "capture", bytes), limits);
}

}  // namespace tessera::test
