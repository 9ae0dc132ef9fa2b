// tessera doctor: what this node has, and what would make a job fail.
#include "command.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tessera/doctor/examine.hpp>

namespace {

using namespace tessera;
using nlohmann::json;

void print_json(doctor::Examination const& examination) {
    auto findings = json::array();
    for (auto const& one : examination.findings) {
        findings.push_back({{"check", one.check},
                            {"level", doctor::name(one.level)},
                            {"cause", one.cause},
                            {"remedy", one.remedy}});
    }
    auto links = json::array();
    for (auto const& link : examination.links) {
        links.push_back({{"ranks", {link.first, link.second}},
                         {"latency_seconds", link.latency},
                         {"bytes_per_second", link.bandwidth}});
    }
    fmt::print("{}\n",
               json{{"ok", examination.ok()}, {"findings", findings}, {"links", links}}.dump(2));
}

void print_lines(doctor::Examination const& examination) {
    for (auto const& one : examination.findings) {
        fmt::print("{:<8} {:<14} {}{}{}\n", doctor::name(one.level), one.check, one.cause,
                   one.remedy.empty() ? "" : "; ", one.remedy);
    }
}

}  // namespace

int main(int argc, char** argv) {
    apps::Command command("doctor", "what this node has, and what would make a job fail",
                          apps::Launch::any);
    command.offer({apps::Flag::json});
    doctor::DoctorConfig config;
    doctor::describe(command.options(), config);
    command.examples(
        "Exit code 4 when the job would fail. On all nodes of a job: srun --mpi=pmix tessera "
        "doctor\nexample: tessera doctor --folder /scratch/me --need-bytes 1000000000000");
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        auto const examination = doctor::examine(comm, config, command.announced());
        if (comm.is_root() && command.common().json) {
            print_json(examination);
        } else if (comm.is_root()) {
            print_lines(examination);
        }
        return comm::agree(comm, examination.ok()) ? base::ExitCode::done
                                                   : base::ExitCode::environment;
    });
}
