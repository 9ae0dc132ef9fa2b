// `tessera <command> ..` starts the program `tessera-<command>` that lies beside this one.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include <tessera/base/version.hpp>

namespace {

namespace fs = std::filesystem;

struct Entry {
    std::string_view name;
    std::string_view summary;
};

constexpr std::array commands{
    Entry{"preprocess", "captures -> token store, sharded over ranks"},
    Entry{"inspect", "what a capture, store, run or bundle holds"},
    Entry{"verify", "check every checksum, offset and count of a store, run or bundle"},
    Entry{"split", "train, valid and test flows of a store, with the audit of what overlaps"},
    Entry{"plan", "time, memory and storage of a pre-training run, before it runs"},
    Entry{"pretrain", "masked-burst and same-origin pre-training; resumes by itself"},
    Entry{"finetune", "flow- or packet-level classifier on a pre-trained encoder"},
    Entry{"evaluate", "grade a classifier on held-back flows: scores, baselines, report"},
    Entry{"baseline", "look-ups, k-NN, logistic regression and trees on the same split"},
    Entry{"audit", "what single header fields and shared values give away on a split"},
    Entry{"compare", "paired test between two graded models"},
    Entry{"classify", "captures -> one JSON line a flow"},
    Entry{"reproduce",
          "a recipe of datasets/: from raw captures to a table of models and controls"},
    Entry{"doctor", "what this node has, and what would make a job fail"},
    Entry{"export", "weights as safetensors and config.json that Hugging Face loads"},
    Entry{"import", "weights of UER, ET-BERT or Hugging Face -> a run to begin with"},
    Entry{"bench", "the figures of performance, each against a peer in the same run"},
    Entry{"version", "what this program was built from"},
};

fs::path folder_of_programs() {
    std::error_code error;
    auto const self = fs::read_symlink("/proc/self/exe", error);
    return error ? fs::path(".") : self.parent_path();
}

void print_help() {
    fmt::print(
        "tessera {}: learning from network traffic\n\nusage: tessera <command> [options]\n\n",
        tessera::base::build_info().version);
    for (auto const& command : commands) {
        fmt::print("  {:<12} {}\n", command.name, command.summary);
    }
    fmt::print(
        "\n`tessera <command> --help` lists the options of one. Each runs alone, under "
        "`mpirun -n N` and under `srun`.\n");
}

int run_program(std::string const& command, int argc, char** argv) {
    auto const program = (folder_of_programs() / ("tessera-" + command)).string();
    std::vector<char*> arguments(argv + 1, argv + argc);
    auto name = program;
    arguments[0] = name.data();
    arguments.push_back(nullptr);
    ::execv(program.c_str(), arguments.data());
    fmt::print(stderr, "tessera: cannot start '{}': {}; was it built?\n", program,
               std::strerror(errno));
    return 4;
}

}  // namespace

int main(int argc, char** argv) {
    std::string const command = argc > 1 ? argv[1] : "--help";
    if (command == "--help" || command == "-h" || command == "help") {
        print_help();
        return 0;
    }
    if (command == "--version") return run_program("version", argc, argv);
    auto const known = std::any_of(commands.begin(), commands.end(),
                                   [&](Entry const& entry) { return entry.name == command; });
    if (!known) {
        fmt::print(stderr, "tessera: unknown command '{}'; `tessera --help` lists them\n", command);
        return 2;
    }
    return run_program(command, argc, argv);
}
