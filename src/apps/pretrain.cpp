// tessera pretrain: masked-burst and same-origin pre-training on a token store.
#include "command.hpp"

#include <tessera/train/pretrain.hpp>

int main(int argc, char** argv) {
    using namespace tessera;
    apps::Command command("pretrain", "masked-burst and same-origin pre-training");
    command.offer({apps::Flag::dry_run}).heed_stop_signals();
    train::PretrainConfig config;
    train::describe(command.options(), config);
    command.examples(
        "Goes on by itself where an earlier call on the same --run stopped.\n"
        "example: mpirun -n 2 tessera pretrain --store store --run run --split by-capture");
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        train::pretrain(comm, config, {command.progress_mode(), command.common().dry_run});
        return base::ExitCode::done;
    });
}
