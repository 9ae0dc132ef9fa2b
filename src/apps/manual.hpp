#pragma once

#include <string>
#include <vector>

#include <tessera/base/options.hpp>

namespace tessera::apps {

/// What a program tells about itself besides its options.
struct Manual {
    std::string name;  ///< "preprocess"
    std::string summary;
    std::string examples;
    std::vector<std::pair<std::string, std::string>> positionals;  ///< name, help
};

/// The flag of an option; with its section, "--train-device", where one before it has its name.
std::string flag_of(base::OptionTable const& options, base::Option const& option);

/// The manual page tessera-<name>(1) in man(7) form, from the same table as --help.
std::string man_page(Manual const& manual, base::OptionTable const& options);

/// One line a flag for shell completion: the flag, and the words it takes where they are known.
std::string flag_list(base::OptionTable const& options);

}  // namespace tessera::apps
