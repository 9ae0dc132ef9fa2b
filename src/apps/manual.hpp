#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tessera/base/options.hpp>

namespace tessera::apps {

/// Flags with one meaning wherever they are offered.
enum class Flag {
    dry_run,  ///< check everything, write nothing
    force,    ///< replace an artefact that exists
    json,     ///< print the result as JSON
};

/// What a program tells about itself besides its options.
struct Manual {
    std::string name;  ///< "preprocess"
    std::string summary;
    std::string examples;
    std::vector<std::pair<std::string, std::string>> positionals;  ///< name, help
    std::vector<Flag> offered;
};

/// A flag that is no option of the table.
struct CommonFlag {
    std::string_view flag;
    std::string_view value;  ///< "" without one
    std::string_view help;
    std::optional<Flag> offered;  ///< where it is offered; no value: by every program
};

CommonFlag const& text_of(Flag flag);

/// The flag of an option; with its section, "--train-device", where one before it has its name.
std::string flag_of(base::OptionTable const& options, base::Option const& option);

/// The manual page tessera-<name>(1) in man(7) form, from the same table as --help.
std::string man_page(Manual const& manual, base::OptionTable const& options);

/// One line a flag for shell completion: the flag, and the words it takes where they are known.
std::string flag_list(Manual const& manual, base::OptionTable const& options);

}  // namespace tessera::apps
