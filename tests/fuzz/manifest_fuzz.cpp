// Manifests and notes of strangers: what is accepted is written and read again as it was; anything
// else is refused by an error. The seal is left out: its checksum would keep a fuzzer out.
#include "manifest_check.hpp"
#include "manifest_json.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <tessera/base/error.hpp>

namespace {

using namespace tessera;

dataset::Manifest manifest_of(nlohmann::json const& json) {
    auto manifest = dataset::manifest_from(dataset::JsonReader(json, "fuzz"));
    dataset::check_manifest(manifest, "fuzz", base::ExitCode::bad_input);
    return manifest;
}

void check_manifest(std::string_view text) {
    auto const json = nlohmann::json::parse(text, nullptr, false);
    if (json.is_discarded()) return;
    try {
        auto const manifest = manifest_of(json);
        auto const written = dataset::to_json(manifest);
        if (dataset::to_json(manifest_of(nlohmann::json(written))) != written) std::abort();
    } catch (base::Error const&) {
    }
}

void check_note(std::string_view text) {
    try {
        auto const written = dataset::to_text(dataset::unit_report_from(text));
        if (dataset::to_text(dataset::unit_report_from(written)) != written) std::abort();
    } catch (base::Error const&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    check_manifest(text);
    check_note(text);
    return 0;
}
