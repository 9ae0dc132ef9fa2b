// tessera plan: the bill of a pre-training run, before a job is queued.
#include "command.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tessera/base/progress.hpp>
#include <tessera/device/threads.hpp>
#include <tessera/train/plan.hpp>

namespace {

using namespace tessera;

nlohmann::ordered_json as_json(train::Plan const& plan) {
    nlohmann::ordered_json memory;
    for (auto const& [name, bytes] : plan.memory) memory[name] = bytes;
    return {{"parameters", plan.parameters},
            {"sequences", plan.sequences},
            {"tokens", plan.tokens},
            {"flops_per_step", plan.flops_per_step},
            {"seconds_per_step", plan.seconds_per_step},
            {"update_seconds", plan.update_seconds},
            {"reduce_seconds", plan.reduce_seconds},
            {"hours", plan.hours},
            {"memory_bytes", total(plan.memory)},
            {"memory", memory},
            {"checkpoint_bytes", plan.checkpoint_bytes},
            {"storage_bytes", plan.storage_bytes}};
}

void print(train::Plan const& plan, train::PretrainConfig const& config,
           train::PlanConfig const& where) {
    using base::short_count;
    bool const predicted = where.device != "cpu";
    fmt::print("{} steps of {} sequences of {} ids on {} x {}{}\n", config.loop.train_iters,
               config.loop.global_batch_size, config.data.sequence_length, where.gpus, where.device,
               predicted ? " (predicted from data sheets, never measured)" : "");
    fmt::print("{:<30}{}\n", "parameters", short_count(static_cast<double>(plan.parameters)));
    fmt::print("{:<30}{}\n", "sequences", short_count(plan.sequences));
    fmt::print("{:<30}{}\n", "tokens", short_count(plan.tokens));
    fmt::print("{:<30}{}FLOP a step, {:.3g} in all\n", "matrix products",
               short_count(plan.flops_per_step),
               plan.flops_per_step * static_cast<double>(config.loop.train_iters));
    fmt::print("{:<30}{} (update {}, sum over ranks {})\n", "time of a step",
               base::short_duration(plan.seconds_per_step),
               base::short_duration(plan.update_seconds),
               base::short_duration(plan.reduce_seconds));
    fmt::print("{:<30}{}\n", "time of the run", base::short_duration(plan.hours * 3600));
    fmt::print("{:<30}{:.2f} GB\n", "memory of rank 0 (host)", total(plan.memory) * 1e-9);
    for (auto const& [name, bytes] : plan.memory)
        fmt::print("  {:<28}{:.2f} GB\n", name, bytes * 1e-9);
    fmt::print("{:<30}{:.2f} GB, at most {:.2f} GB at once in 3 files each\n", "a checkpoint",
               plan.checkpoint_bytes * 1e-9, plan.storage_bytes * 1e-9);
}

}  // namespace

int main(int argc, char** argv) {
    apps::Command command("plan", "time, memory and storage of a pre-training run, before it runs");
    command.offer({apps::Flag::json});
    train::PretrainConfig config;
    train::PlanConfig where;
    train::describe(command.options(), where);
    train::describe(command.options(), config);
    command.examples(
        "example: tessera plan --config configs/reference.toml --gpus 8 --device v100");
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        device::set_threads(comm, config.loop.threads);
        auto const plan = train::make_plan(config, where, train::device_rates(where));
        if (!comm.is_root()) return base::ExitCode::done;
        if (command.common().json) {
            fmt::print("{}\n", as_json(plan).dump(2));
        } else {
            print(plan, config, where);
        }
        return base::ExitCode::done;
    });
}
