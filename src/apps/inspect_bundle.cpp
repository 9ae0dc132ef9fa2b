#include "inspect_bundle.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/base/json.hpp>

namespace tessera::apps {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

constexpr auto file_name = "bundle.json";
constexpr std::size_t longest = std::size_t{16} << 20U;  // bytes

template <class Action>
auto read(fs::path const& folder, Action const& action) {
    try {
        auto const sealed = base::parse_json<Json>(base::read_text(folder / file_name, longest));
        return action(sealed.at("content").at("bundle"));
    } catch (nlohmann::json::exception const& fault) {
        base::fail(base::ExitCode::bad_input, "'{}' is no bundle's description: {}",
                   base::printable((folder / file_name).string()), fault.what());
    }
}

}  // namespace

bool is_bundle(fs::path const& folder) {
    return fs::exists(folder / file_name);
}

std::string bundle_json(fs::path const& folder) {
    return read(folder, [](Json const& bundle) { return bundle.dump(2); });
}

std::string bundle_table(fs::path const& folder) {
    return read(folder, [](Json const& bundle) {
        auto const classes = bundle.at("classes").get<std::vector<std::string>>();
        auto text = fmt::format(
            "bundle: classifier of {}s, {} classes of label set '{}'\n  classes   {}\n"
            "  tokenizer {}, masking {}\n  unknown   below {:.3f}, temperature {:.3f}\n",
            bundle.at("task").get<std::string>(), classes.size(),
            base::printable(bundle.at("label_set").get<std::string>()),
            base::printable(fmt::format("{}", fmt::join(classes, ", "))),
            bundle.at("tokenizer").get<std::string>(), bundle.at("masking").get<std::string>(),
            bundle.at("unknown_below").get<double>(), bundle.at("temperature").get<double>());
        for (auto const& [key, value] : bundle.at("provenance").items()) {
            text += fmt::format("  {:<16} {}\n", key, base::printable(value.get<std::string>()));
        }
        return text;
    });
}

}  // namespace tessera::apps
