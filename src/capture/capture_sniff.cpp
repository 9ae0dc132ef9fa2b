#include "capture_sniff.hpp"

#include "open_source.hpp"
#include "pcap_layout.hpp"
#include "pcapng_reader.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <tessera/base/error.hpp>

namespace tessera::capture {

namespace {

bool named_like_capture(std::filesystem::path path) {
    auto lower_extension = [&path] {
        auto extension = path.extension().string();
        std::transform(extension.begin(), extension.end(), extension.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        return extension;
    };
    auto extension = lower_extension();
    if (extension == ".gz" || extension == ".zst") {
        path.replace_extension();
        extension = lower_extension();
    }
    constexpr std::array<std::string_view, 4> known{".pcap", ".pcapng", ".cap", ".ntar"};
    return std::find(known.begin(), known.end(), extension) != known.end();
}

bool begins_like_capture(std::filesystem::path const& path) {
    try {
        auto const opened = open_source(path, {});
        opened.source->holds(4);
        auto const bytes = opened.source->view();
        return begins_pcap(bytes) || begins_pcapng(bytes);
    } catch (base::Error const&) {
        return false;  // unreadable: only its name can speak for it
    }
}

}  // namespace

bool looks_like_capture(std::filesystem::path const& path) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) return false;
    return named_like_capture(path) || begins_like_capture(path);
}

}  // namespace tessera::capture
