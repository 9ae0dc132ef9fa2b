// tessera finetune: a flow- or packet-level classifier on a pre-trained encoder.
#include "command.hpp"

#include <tessera/train/finetune.hpp>

int main(int argc, char** argv) {
    using namespace tessera;
    apps::Command command("finetune", "flow- or packet-level classifier on a pre-trained encoder");
    command.offer({apps::Flag::dry_run}).heed_stop_signals();
    train::FinetuneConfig config;
    train::describe(command.options(), config);
    command.examples(
        "Goes on by itself where an earlier call on the same --run stopped.\n"
        "example: mpirun -n 2 tessera finetune --store store --init run --run tuned --split "
        "by-capture");
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        train::finetune(comm, config, {command.progress_mode(), command.common().dry_run});
        return base::ExitCode::done;
    });
}
