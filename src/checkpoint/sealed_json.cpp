#include "sealed_json.hpp"

#include "synced_text.hpp"

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/base/json.hpp>

namespace tessera::checkpoint {

namespace {

constexpr std::size_t longest = std::size_t{16} << 20U;  // bytes

}  // namespace

std::string seal(nlohmann::ordered_json const& content) {
    auto const text = content.dump();
    nlohmann::ordered_json const sealed{{"content", content}, {"xxh3_128", checksum_of(text)}};
    return sealed.dump(2) + "\n";
}

// Sealing the content again must give the file back, byte for byte: that also covers the bytes
// between the values.
nlohmann::ordered_json unseal(std::filesystem::path const& path) {
    auto const text = base::read_text(path, longest);
    auto const sealed = base::parse_json<nlohmann::ordered_json>(text);
    base::validate(
        sealed.is_object() && sealed.contains("content") && seal(sealed["content"]) == text,
        base::ExitCode::bad_input, "'{}' is damaged: its checksum does not match",
        base::printable(path.string()));
    return sealed["content"];
}

}  // namespace tessera::checkpoint
