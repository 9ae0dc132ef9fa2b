// tessera verify: every checksum, offset and count of a store, a run or a bundle.
#include "command.hpp"
#ifdef TESSERA_TORCH
#include "verify_trained.hpp"
#endif

#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tessera/base/files.hpp>
#include <tessera/dataset/verify.hpp>

namespace {

using namespace tessera;

void print(std::vector<dataset::Finding> const& findings, std::string const& path, bool json) {
    if (json) {
        auto list = nlohmann::json::array();
        for (auto const& finding : findings) {
            list.push_back({{"file", finding.file}, {"what", finding.what}});
        }
        fmt::print("{}\n", nlohmann::json{{"ok", findings.empty()}, {"findings", list}}.dump(2));
        return;
    }
    for (auto const& finding : findings) {
        fmt::print("{}: {}\n", base::printable(finding.file), finding.what);
    }
    fmt::print("{}: {}\n", base::printable(path),
               findings.empty() ? "whole" : fmt::format("{} findings", findings.size()));
}

std::vector<dataset::Finding> findings_of(std::filesystem::path const& path) {
#ifdef TESSERA_TORCH
    if (apps::is_trained(path)) return apps::verify_trained(path);
#endif
    return dataset::verify_store(path);
}

}  // namespace

int main(int argc, char** argv) {
    apps::Command command("verify",
                          "check every checksum, offset and count of a store, a run or a bundle");
    command.offer({apps::Flag::json});
    std::string path;
    command.positional("PATH", "token store, folder of a run, or bundle", path);
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        std::int64_t faults = 0;
        comm::agreed(comm, [&] {
            if (!comm.is_root()) return;
            auto const findings = findings_of(path);
            print(findings, path, command.common().json);
            faults = static_cast<std::int64_t>(findings.size());
        });
        return comm::all_reduce(comm, faults, comm::Op::max) == 0 ? base::ExitCode::done
                                                                  : base::ExitCode::bad_input;
    });
}
