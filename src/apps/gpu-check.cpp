// tessera gpu-check: one sum over the GPUs of all ranks, checked. For the first day on new GPUs.
#include "command.hpp"

#include <ATen/ops/full.h>
#include <fmt/format.h>

#include <tessera/device/device_collectives.hpp>

int main(int argc, char** argv) {
    using namespace tessera;
    apps::Command command("gpu-check", "one sum over the GPUs of all ranks, checked");
    std::int64_t device = 0;
    command.options().section("gpu").add("device", device, "GPU of this rank on its node");
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        auto const collectives = device::make_device_collectives(comm, static_cast<int>(device),
                                                                 std::chrono::seconds(60));
        auto const on_gpu =
            at::TensorOptions().device(at::Device(at::kCUDA, static_cast<at::DeviceIndex>(device)));
        auto const tensor = at::full({1024}, comm.rank() + 1.0, on_gpu.dtype(at::kFloat));
        collectives->all_reduce(tensor);
        collectives->check();
        auto const ranks = comm.size();
        auto const right = tensor.eq(ranks * (ranks + 1) / 2).all().item<bool>();
        if (comm.is_root()) {
            fmt::print("sum over {} GPUs: {}\n", ranks, right ? "right" : "WRONG");
        }
        return right ? base::ExitCode::done : base::ExitCode::failed;
    });
}
