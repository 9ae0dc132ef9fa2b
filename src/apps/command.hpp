#pragma once

#include "manual.hpp"

#include <functional>
#include <string>
#include <vector>

#include <tessera/base/error.hpp>
#include <tessera/base/options.hpp>
#include <tessera/base/progress.hpp>
#include <tessera/comm/communicator.hpp>

namespace tessera::apps {

/// What every command understands, and what came of the flags that it offers.
struct CommonConfig {
    std::string log_level = "info";
    std::string progress = "auto";
    bool json = false;
    bool force = false;
    bool dry_run = false;
    bool print_config = false;
};

/// Whether a command refuses to run as one of several processes that do not see each other.
enum class Launch { whole, any };

/// A program of the suite: its option table, its command line, its exit code. Settings are layered
/// file < environment < flags; every fault ends in one line and the code of interface and README.
class Command {
  public:
    using Body = std::function<base::ExitCode(comm::Communicator const&)>;

    Command(std::string name, std::string summary, Launch launch = Launch::whole);

    base::OptionTable& options() { return options_; }
    CommonConfig const& common() const { return common_; }

    /// An argument without a flag, e.g. STORE in `split STORE`.
    Command& positional(std::string name, std::string help, std::string& field);

    /// Flags that the command heeds; the others are unknown to it.
    Command& offer(std::vector<Flag> flags);

    /// The body looks at base::stop_requested(): SIGTERM, SIGINT and SIGUSR1 are left to it.
    /// Without this they end the program as usual.
    Command& heed_stop_signals();

    /// Lines under the options in --help.
    Command& examples(std::string text);

    /// Parses, starts MPI where launched by it, runs `body` on every rank; the program's exit code.
    int run(int argc, char** argv, Body const& body);

    base::ProgressMode progress_mode() const;

    /// Processes that the launcher says it started, known while `run` runs.
    int announced() const { return announced_; }

  private:
    struct Positional {
        std::string name;
        std::string help;
        std::string* field;
    };

    Manual manual() const;
    bool parse(int argc, char** argv, std::string& print);
    void require_same_settings(comm::Communicator const& comm) const;
    int run_on(comm::Communicator const& comm, int argc, char** argv, Body const& body);

    std::string name_;
    std::string summary_;
    Launch launch_;
    int announced_ = 1;
    bool heeds_signals_ = false;
    std::string examples_;
    base::OptionTable options_;
    std::vector<Positional> positionals_;
    std::vector<Flag> offered_;
    CommonConfig common_;
};

}  // namespace tessera::apps
