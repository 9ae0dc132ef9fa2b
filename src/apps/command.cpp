#include "command.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <map>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <tessera/base/files.hpp>
#include <tessera/base/log.hpp>
#include <tessera/base/process.hpp>
#include <tessera/base/stop.hpp>
#include <tessera/base/version.hpp>

namespace tessera::apps {

namespace {

using base::ExitCode;

// What the command line said, before it is layered over file and environment.
struct Given {
    std::string config_file;
    std::vector<std::string> assignments;  // section.key=value
    std::map<std::string, std::string> flags;
};

/// Ends the parsing before anything is found missing: what was asked for is in hand.
struct Answered {};

std::string description(base::Option const& option) {
    auto text = option.help;
    if (!option.choices.empty()) text += fmt::format(" ({})", fmt::join(option.choices, "|"));
    bool const is_on = option.type == "switch" && option.toml() == "true";
    return text + fmt::format(" [{}{}]", option.toml(), is_on ? "; off by --no-.." : "");
}

// One flag from one table entry; values are kept as text until all layers are known.
void add_flag(CLI::App& app, std::string const& name, base::Option const& option, Given& given) {
    auto& slot = given.flags;
    auto const key = option.key();
    if (option.type == "switch") {
        auto const negated = ",!--no-" + name.substr(2);
        app.add_flag_callback(
               name, [&slot, key] { slot[key] = "true"; }, description(option))
            ->group(option.section);
        app.add_flag_callback(negated.substr(2), [&slot, key] { slot[key] = "false"; })->group("");
        return;
    }
    auto* flag = app.add_option_function<std::vector<std::string>>(
        name,
        [&slot, key](std::vector<std::string> const& values) {
            slot[key] = fmt::format("{}", fmt::join(values, std::string(1, base::list_separator)));
        },
        description(option));
    flag->group(option.section)->type_name(option.type == "list" ? "text ..." : option.type);
    flag->expected(1, option.type == "list" ? CLI::detail::expected_max_vector_size : 1);
}

void apply(base::OptionTable& options, Given const& given) {
    if (!given.config_file.empty()) base::read_config_file(options, given.config_file);
    base::read_environment(options);
    for (auto const& [key, value] : given.flags) options.set(key, value, "flag");
    for (auto const& assignment : given.assignments) {
        auto const equals = assignment.find('=');
        base::validate(equals != std::string::npos, ExitCode::usage,
                       "--set '{}': write it as section.key=value", assignment);
        options.set(assignment.substr(0, equals), assignment.substr(equals + 1), "--set");
    }
}

base::LogLevel log_level(std::string const& name) {
    if (name == "debug") return base::LogLevel::debug;
    if (name == "info") return base::LogLevel::info;
    if (name == "warning") return base::LogLevel::warning;
    base::validate(name == "error", ExitCode::usage,
                   "--log-level: '{}' is none of debug, info, warning, error", name);
    return base::LogLevel::error;
}

// A name that another command knows is none of this one's business; one that nearly is a setting of
// this one is a slip that would pass unseen.
void warn_of_slips(base::OptionTable const& table) {
    constexpr std::string_view prefix = "TESSERA_";
    for (auto const* const* entry = environ; *entry != nullptr; ++entry) {
        std::string_view const variable(*entry, std::strcspn(*entry, "="));
        if (!variable.starts_with(prefix)) continue;
        auto const near = table.nearly(variable);
        if (near.empty()) continue;
        base::log_warning("environment variable {} is no setting; did you mean {}?",
                          base::printable(variable), near);
    }
}

void print_error(std::string const& name, comm::Communicator const& comm, char const* line) {
    auto const where =
        comm.size() > 1 ? fmt::format(" [rank {} on {}]", comm.rank(), base::host_name()) : "";
    fmt::print(stderr, "tessera {}{}: {}\n", name, where, line);
}

}  // namespace

Command::Command(std::string name, std::string summary, Launch launch)
    : name_(std::move(name)), summary_(std::move(summary)), launch_(launch) {}

Command& Command::positional(std::string name, std::string help, std::string& field) {
    positionals_.push_back({std::move(name), std::move(help), &field});
    return *this;
}

Command& Command::offer(std::vector<Flag> flags) {
    offered_ = std::move(flags);
    return *this;
}

Command& Command::heed_stop_signals() {
    heeds_signals_ = true;
    return *this;
}

Command& Command::examples(std::string text) {
    examples_ = std::move(text);
    return *this;
}

base::ProgressMode Command::progress_mode() const {
    return base::progress_mode(common_.progress);
}

// True when the command shall run; else `print` holds what was asked for instead.
bool Command::parse(int argc, char** argv, std::string& print) {
    CLI::App app(summary_, "tessera " + name_);
    app.footer(examples_);
    app.get_formatter()->column_width(36);
    Given given;
    for (auto const& positional : positionals_) {
        app.add_option(positional.name, *positional.field, positional.help)->required();
    }
    for (auto const& option : options_.all())
        add_flag(app, flag_of(options_, option), option, given);
    auto constexpr common = "common";
    app.add_option("--config", given.config_file, "TOML file of settings")->group(common);
    app.add_option("--set", given.assignments, "section.key=value, repeatable")
        ->group(common)
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_flag("--print-config", common_.print_config, "print the settings and their origins")
        ->group(common);
    auto const add_offered = [&](Flag flag, bool& field) {
        auto const& text = text_of(flag);
        if (std::ranges::count(offered_, flag) == 0) return;
        app.add_flag(std::string(text.flag), field, std::string(text.help))->group(common);
    };
    add_offered(Flag::dry_run, common_.dry_run);
    add_offered(Flag::force, common_.force);
    add_offered(Flag::json, common_.json);
    app.add_option("--log-level", common_.log_level, "debug, info, warning, error")->group(common);
    app.add_option("--progress", common_.progress, "auto, plain, none")->group(common);
    auto const answer = [&](std::string const& flag, std::function<std::string()> const& text) {
        app.add_flag_callback(flag,
                              [&print, text] {
                                  print = text();
                                  throw Answered();
                              })
            ->trigger_on_parse()
            ->group("");
    };
    answer("--man", [this] { return man_page(manual(), options_); });  // pages of an installation
    answer("--list-flags", [this] { return flag_list(manual(), options_); });  // shell completion
    try {
        app.parse(argc, argv);
    } catch (Answered const&) {
        return false;
    } catch (CLI::CallForHelp const&) {
        print = app.help();
        return false;
    } catch (CLI::ParseError const& error) {
        base::fail(ExitCode::usage, "{} (see tessera {} --help)", error.what(), name_);
    }
    apply(options_, given);
    if (common_.print_config) print = options_.as_toml(true);
    return !common_.print_config;
}

Manual Command::manual() const {
    Manual result{name_, summary_, examples_, {}, offered_};
    for (auto const& one : positionals_) result.positionals.emplace_back(one.name, one.help);
    return result;
}

/// mpirun takes no environment along unless told to, and a file may differ from node to node.
void Command::require_same_settings(comm::Communicator const& comm) const {
    auto const all = comm::all_gather(comm, options_.as_toml(false));
    auto const other = std::ranges::find_if(all, [&](auto const& one) { return one != all[0]; });
    comm::agreed(comm, [&] {
        base::validate(other == all.end(), ExitCode::environment,
                       "ranks 0 and {} have different settings: is there a settings file or a "
                       "TESSERA_ variable on one node alone? (mpirun -x NAME takes one along)",
                       other - all.begin());
    });
}

int Command::run_on(comm::Communicator const& comm, int argc, char** argv, Body const& body) {
    // The words are the same on every rank, but a settings file may be on one node alone.
    std::string print;
    bool proceed = false;
    comm::agreed(comm, [&] {
        proceed = parse(argc, argv, print);
        if (!proceed) return;
        base::start_log(log_level(common_.log_level), comm.rank(), comm.size());
        static_cast<void>(progress_mode());
    });
    require_same_settings(comm);
    if (comm.is_root() && !print.empty()) fmt::print("{}", print);
    if (!proceed) return 0;
    if (comm.is_root()) warn_of_slips(options_);
    if (heeds_signals_) base::watch_stop_signals();
    return static_cast<int>(body(comm));
}

int Command::run(int argc, char** argv, Body const& body) {
    comm::Environment const environment;
    auto const comm = comm::Communicator::world();
    announced_ = environment.announced();
    int code = static_cast<int>(ExitCode::failed);
    try {
        if (launch_ == Launch::whole) environment.require_whole_launch();
        return run_on(comm, argc, argv, body);
    } catch (comm::AgreedError const& error) {
        if (comm.is_root()) print_error(name_, {}, error.what());
        return static_cast<int>(error.code());
    } catch (base::Error const& error) {
        print_error(name_, comm, error.what());
        code = static_cast<int>(error.code());
    } catch (std::exception const& error) {
        print_error(name_, comm, error.what());
    }
    // The other ranks may wait for this one in a collective: end them too.
    if (comm.size() > 1) comm::abort_all(comm, code);
    return code;
}

}  // namespace tessera::apps
