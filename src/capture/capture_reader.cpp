#include "open_source.hpp"
#include "pcap_reader.hpp"
#include "pcapng_reader.hpp"

#include <string_view>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/capture/capture_reader.hpp>

namespace tessera::capture {

namespace {

std::string magic_text(base::ByteSpan bytes) {
    std::string text = "0x";
    for (auto const byte : bytes.first(std::min<std::size_t>(bytes.size(), 4))) {
        text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
    }
    return text;
}

bool begins_with(base::ByteSpan bytes, std::string_view text) {
    if (bytes.size() < text.size()) return false;
    return std::equal(text.begin(), text.end(), bytes.begin(),
                      [](char c, std::byte byte) { return std::to_integer<char>(byte) == c; });
}

// What to do about a file that is none, by what it looks like.
char const* advice(base::ByteSpan bytes) {
    if (begins_with(bytes, "version https://git-lfs")) {
        return "it is a Git LFS pointer: fetch the file with git lfs pull";
    }
    if (begins_with(bytes, "<")) return "it looks like a web page: download the file again";
    return "give pcap or pcapng, plain or in gzip or zstd (editcap converts other formats)";
}

[[noreturn]] void refuse(ByteSource& source) {
    constexpr std::size_t enough = 64;
    bool const empty = !source.holds(1);
    source.holds(enough);
    auto const failure = source.failure();
    if (!failure.empty()) base::fail(base::ExitCode::bad_input, "{}", failure);
    if (empty) base::fail(base::ExitCode::bad_input, "it is empty: record or copy it again");
    base::fail(base::ExitCode::bad_input, "magic {} at byte 0 is no capture file; {}",
               magic_text(source.view()), advice(source.view()));
}

std::unique_ptr<CaptureReader> open(OpenedSource opened, CaptureLimits const& limits) {
    auto& source = *opened.source;
    source.holds(4);
    if (begins_pcap(source.view())) {
        return std::make_unique<PcapReader>(std::move(opened.source), opened.packing, limits);
    }
    if (begins_pcapng(source.view())) {
        return std::make_unique<PcapngReader>(std::move(opened.source), opened.packing, limits);
    }
    refuse(source);
}

}  // namespace

void describe(base::OptionTable& options, CaptureLimits& limits) {
    options.section("capture")
        .add("captured_length", limits.captured_length,
             "largest packet believed (bytes), unless the capture's snap length is larger")
        .add("block", limits.block, "largest pcapng block believed (bytes)")
        .add("decompressed", limits.decompressed,
             "most bytes that may come out of one compressed capture");
}

std::string to_text(ReadFault const& fault) {
    return fmt::format("byte {}, record {}: {}", fault.offset, fault.record, fault.reason);
}

std::unique_ptr<CaptureReader> open_capture(std::filesystem::path const& path,
                                            CaptureLimits const& limits) {
    auto opened = open_source(path, limits);
    try {
        return open(std::move(opened), limits);
    } catch (base::Error const& error) {
        base::fail(error.code(), "cannot read '{}': {}", base::printable(path.string()),
                   error.what());
    }
}

}  // namespace tessera::capture
