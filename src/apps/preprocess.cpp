// tessera preprocess: captures -> token store, sharded over ranks.
#include "command.hpp"

#include <fmt/format.h>

#include <tessera/base/log.hpp>
#include <tessera/dataset/manifest.hpp>
#include <tessera/preprocess/preprocess.hpp>

namespace {

using namespace tessera;

constexpr std::size_t notices_shown = 20;

void print_notices(std::vector<std::string> const& notices) {
    for (std::size_t i = 0; i < notices.size() && i < notices_shown; ++i) {
        base::log_warning("{}", notices[i]);
    }
    if (notices.size() > notices_shown) {
        base::log_warning("and {} more bad files: `tessera inspect STORE --json` lists them",
                          notices.size() - notices_shown);
    }
}

void print_labels(dataset::LabelSet const& set) {
    fmt::print("labels '{}': {} classes, {} flows without one\n", set.name, set.classes.size(),
               set.unlabelled);
    for (std::size_t i = 0; i < set.classes.size(); ++i) {
        fmt::print("  {:<24} {:>10}\n", base::printable(set.classes[i]), set.histogram[i]);
    }
}

void print_summary(preprocess::PreprocessResult const& result, std::string const& store) {
    auto const& manifest = result.manifest;
    auto const seconds = result.cost.seconds;
    fmt::print(
        "{}: {} captures ({} unreadable), {} packets read, {} kept, {} flows, {} bursts, {} "
        "tokens in {} shards\n",
        base::printable(store), dataset::captures_read(manifest), manifest.captures_failed.size(),
        manifest.packets_read, manifest.packets_kept, manifest.counts.flows, manifest.counts.bursts,
        manifest.counts.tokens, manifest.shards.size());
    for (auto const& [reason, count] : manifest.packets_dropped) {
        fmt::print("  dropped, {:<28} {:>12}\n", reason, count);
    }
    for (auto const& [kind, count] : manifest.tunnels) {
        fmt::print("  in a tunnel, {:<24} {:>12} ({} packet used)\n", kind, count,
                   manifest.identity.tunnels);
    }
    for (auto const& set : manifest.labels) print_labels(set);
    fmt::print("{} ({} packets/s), peak memory {} MiB a rank\n", base::short_duration(seconds),
               base::short_count(static_cast<double>(manifest.packets_read) / seconds),
               result.cost.peak_memory_bytes >> 20U);
}

/// A limit below what the program itself takes cannot be kept.
void warn_of_memory(std::uint64_t peak_bytes, std::int64_t limit) {
    if (peak_bytes <= static_cast<std::uint64_t>(limit)) return;
    base::log_warning("a rank took {} MiB, above preprocess.memory = {} MiB: raise the limit",
                      peak_bytes >> 20U, limit >> 20);
}

void print_plan(preprocess::PreprocessPlan const& plan) {
    fmt::print("{} captures, {}B, into {} shards; {} other files passed over; nothing written\n",
               plan.captures, base::short_count(static_cast<double>(plan.bytes)), plan.units,
               plan.skipped);
}

}  // namespace

int main(int argc, char** argv) {
    apps::Command command("preprocess", "captures -> token store, sharded over ranks");
    command.offer({apps::Flag::dry_run, apps::Flag::force, apps::Flag::json}).heed_stop_signals();
    preprocess::PreprocessConfig config;
    preprocess::describe(command.options(), config);
    command.examples(
        "example: mpirun -n 4 tessera preprocess --input captures/ --labels labels.toml --store "
        "store");
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        preprocess::PreprocessMode const mode{command.progress_mode(), command.common().force};
        if (command.common().dry_run) {
            comm::agreed(comm, [&] {
                auto const plan = preprocess::plan(config, mode);
                if (comm.is_root()) print_plan(plan);
            });
            return base::ExitCode::done;
        }
        auto const result = preprocess::preprocess(comm, config, base::local_files(), mode);
        auto const code = result.notices.empty() ? base::ExitCode::done : base::ExitCode::bad_input;
        if (!comm.is_root()) return code;
        print_notices(result.notices);
        for (auto const& warning : result.warnings) base::log_warning("{}", warning);
        warn_of_memory(result.cost.peak_memory_bytes, config.memory);
        if (command.common().json) {
            fmt::print("{}\n", dataset::summary_json(result.manifest, result.cost));
        } else {
            print_summary(result, config.store.string());
        }
        return code;
    });
}
