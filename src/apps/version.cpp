// tessera version: what this program was built from.
#include "command.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tessera/base/version.hpp>

int main(int argc, char** argv) {
    using namespace tessera;
    apps::Command command("version", "what this program was built from");
    command.offer({apps::Flag::json});
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        auto const& info = base::build_info();
        if (comm.is_root() && command.common().json) {
            fmt::print("{}\n", nlohmann::json{{"version", info.version},
                                              {"revision", info.revision},
                                              {"compiler", info.compiler},
                                              {"flags", info.flags}}
                                   .dump());
        } else if (comm.is_root()) {
            fmt::print("tessera {} ({})\n{}\n{}\n", info.version, info.revision, info.compiler,
                       info.flags);
        }
        return base::ExitCode::done;
    });
}
