// tessera split: which flows train, validate and test, and what stands on both sides.
#include "command.hpp"

#include <fmt/format.h>

#include <tessera/base/files.hpp>
#include <tessera/dataset/split.hpp>

namespace {

using namespace tessera;

void print_classes(dataset::Split const& split) {
    fmt::print("  {:<24} {:>9} {:>9} {:>9}\n", "class", "train", "valid", "test");
    for (auto const& [name, flows] : split.classes) {
        fmt::print("  {:<24} {:>9} {:>9} {:>9}\n", base::printable(name), flows[0], flows[1],
                   flows[2]);
    }
    for (auto const& missing : split.missing) {
        fmt::print("  note: no flow of '{}' in {}; groups that hold the class: {}\n",
                   base::printable(missing.class_name), dataset::name(missing.fold),
                   missing.groups);
    }
}

void print_origin(dataset::Split const& split) {
    if (!split.like) return;
    fmt::print(
        "  like split {} of store {}; groups that it does not know: {}, their {} flows are "
        "excluded\n",
        split.like->split, split.like->store, split.like->groups_left_out,
        split.like->flows_left_out);
}

void print_cleaning(dataset::Split const& split) {
    for (auto const& stage : split.cleaned) {
        fmt::print("cleaning, {:<22} {:>9} flows in, {:>9} out\n", stage.name, stage.flows_in,
                   stage.flows_out);
    }
}

void print_duplicates(std::vector<dataset::DuplicateCounts> const& kinds) {
    fmt::print("equal flows of the store {:>9} {:>10} {:>14} {:>14}\n", "flows", "duplicates",
               "label conflict", "best accuracy");
    for (auto const& kind : kinds) {
        fmt::print("  by {:<19} {:>9} {:>10} {:>12.2f} % {:>12.2f} %\n", dataset::name(kind.alike),
                   kind.flows, kind.duplicates, 100 * kind.conflict_rate(), 100 * kind.ceiling());
    }
}

void print_audit(dataset::Audit const& audit) {
    fmt::print("on both sides of       {:>9} {:>9} {:>9} {:>9} {:>9} {:>13}\n", "flows", "captures",
               "servers", "clients", "5-tuples", "equal packets");
    for (auto const& pair : audit.pairs) {
        fmt::print("  {:<20} {:>9} {:>9} {:>9} {:>9} {:>9} {:>13}\n",
                   fmt::format("{} and {}", dataset::name(pair.first), dataset::name(pair.second)),
                   pair.flows.shared, pair.captures.shared, pair.servers.shared,
                   pair.clients.shared, pair.five_tuples.shared, pair.packet_tokens.shared);
    }
}

void make(std::string const& path, dataset::SplitConfig const& config,
          apps::CommonConfig const& common) {
    auto const store = dataset::open_store(path);
    auto split = dataset::make_split(store, config);
    if (!common.dry_run) {
        dataset::publish_split(base::local_files(), store, split,
                               common.force ? dataset::Overwrite::yes : dataset::Overwrite::no);
    }
    if (common.json) {
        fmt::print("{}\n", dataset::to_json(store, split));
        return;
    }
    fmt::print("split '{}' of {} by {}: {} train, {} valid, {} test flows\n", config.name,
               base::printable(path), config.by, split.counts[0], split.counts[1], split.counts[2]);
    print_origin(split);
    print_cleaning(split);
    print_classes(split);
    print_audit(split.audit);
    print_duplicates(split.duplicates);
}

}  // namespace

int main(int argc, char** argv) {
    apps::Command command("split", "train, valid and test flows of a store, with an audit");
    command.offer({apps::Flag::dry_run, apps::Flag::force, apps::Flag::json});
    dataset::SplitConfig config;
    std::string store;
    dataset::describe(command.options(), config);
    command.positional("STORE", "token store", store);
    command.examples(
        "example: tessera split store --by folder --name by-run\n"
        "example: tessera split store --leave-out-duplicates input --class-cap 500 --cap-in train\n"
        "example: tessera split store-1500 --by capture --name fold1 --like store");
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        comm::agreed(comm, [&] {
            if (comm.is_root()) make(store, config, command.common());
        });
        return base::ExitCode::done;
    });
}
