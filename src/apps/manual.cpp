#include "manual.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <tessera/base/version.hpp>

namespace tessera::apps {

namespace {

constexpr std::array common_flags{
    CommonFlag{"--config", "FILE", "TOML file of settings; environment and flags go before it", {}},
    CommonFlag{"--set", "SECTION.KEY=VALUE", "one setting, repeatable", {}},
    CommonFlag{"--print-config", "", "print the settings and their origins", {}},
    CommonFlag{"--dry-run", "", "check everything, write nothing", Flag::dry_run},
    CommonFlag{"--force", "", "replace an artefact that exists", Flag::force},
    CommonFlag{"--json", "", "print the result as JSON", Flag::json},
    CommonFlag{"--log-level", "debug|info|warning|error", "how much the log says", {}},
    CommonFlag{"--progress", "auto|plain|none", "how progress is shown", {}},
    CommonFlag{"--help", "", "print the options", {}},
};

constexpr auto exit_codes = R"(.SH EXIT STATUS
0 done; 1 the run failed; 2 usage or configuration; 3 bad input data (good files are still done);
4 environment; 85 state saved, run me again.
)";

/// Text as roff takes it: a leading dot or quote would be a request, a minus a hyphen.
std::string roff(std::string_view text) {
    std::string result;
    bool line_start = true;
    for (auto const c : text) {
        if (line_start && (c == '.' || c == '\'')) result += "\\&";
        if (c == '\\') {
            result += "\\e";
        } else if (c == '-') {
            result += "\\-";
        } else {
            result += c;
        }
        line_start = c == '\n';
    }
    return result;
}

std::string upper(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

std::string value_of(base::Option const& option) {
    if (option.type == "switch") return {};
    if (!option.choices.empty()) return fmt::format("{}", fmt::join(option.choices, "|"));
    return upper(option.type == "list" ? "text ..." : option.type);
}

std::string entry(std::string_view flag, std::string_view value, std::string_view help) {
    return fmt::format(".TP\n\\fB{}\\fR{}\n{}\n", roff(flag),
                       value.empty() ? "" : fmt::format(" \\fI{}\\fR", roff(value)), roff(help));
}

std::vector<CommonFlag> flags_of(Manual const& manual) {
    std::vector<CommonFlag> result;
    std::ranges::copy_if(common_flags, std::back_inserter(result), [&](CommonFlag const& common) {
        return !common.offered || std::ranges::count(manual.offered, *common.offered) > 0;
    });
    return result;
}

}  // namespace

CommonFlag const& text_of(Flag flag) {
    return *std::ranges::find(common_flags, std::optional(flag), &CommonFlag::offered);
}

std::string flag_of(base::OptionTable const& options, base::Option const& option) {
    auto const first = std::ranges::find(options.all(), option.name, &base::Option::name);
    auto const flag = option.flag();
    return first->section == option.section
               ? flag
               : fmt::format("--{}-{}", option.section, flag.substr(2));
}

std::string man_page(Manual const& manual, base::OptionTable const& options) {
    auto text = fmt::format(".TH TESSERA-{} 1 \"\" \"tessera {}\" \"tessera\"\n",
                            upper(manual.name), base::build_info().version);
    text += fmt::format(".SH NAME\ntessera\\-{} \\- {}\n.SH SYNOPSIS\n\\fBtessera {}\\fR",
                        manual.name, roff(manual.summary), roff(manual.name));
    for (auto const& [name, help] : manual.positionals) text += fmt::format(" \\fI{}\\fR", name);
    text += " [options]\n.SH OPTIONS\n";
    for (auto const& [name, help] : manual.positionals) text += entry(name, "", help);
    for (auto const& option : options.all()) {
        text += entry(flag_of(options, option), value_of(option),
                      fmt::format("{} [{} = {}; {}]", option.help, option.key(), option.toml(),
                                  option.environment()));
    }
    for (auto const& common : flags_of(manual))
        text += entry(common.flag, common.value, common.help);
    text += exit_codes;
    if (!manual.examples.empty())
        text += fmt::format(".SH EXAMPLES\n.nf\n{}\n.fi\n", roff(manual.examples));
    return text + ".SH SEE ALSO\n\\fBtessera \\-\\-help\\fR lists all commands.\n";
}

std::string flag_list(Manual const& manual, base::OptionTable const& options) {
    std::string text;
    for (auto const& option : options.all()) {
        text += fmt::format("{} {}\n", flag_of(options, option), fmt::join(option.choices, " "));
    }
    for (auto const& common : flags_of(manual)) {
        std::string words;
        if (common.value.find('|') != std::string_view::npos) words = common.value;
        std::ranges::replace(words, '|', ' ');
        text += fmt::format("{} {}\n", common.flag, words);
    }
    return text;
}

}  // namespace tessera::apps
