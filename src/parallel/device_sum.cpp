#include "rank_sum.hpp"

#include <tessera/device/side_stream.hpp>

namespace tessera::parallel {

namespace {

class DeviceSum final : public RankSum {
  public:
    DeviceSum(device::DeviceCollectives& collectives, torch::Device device)
        : collectives_(collectives), stream_(device, device::SideStream::Priority::high) {}

    void start(at::Tensor const& part) override {
        stream_.follow();
        stream_.run([&] { collectives_.all_reduce(part); });
    }

    void finish() override { stream_.join(); }

  private:
    device::DeviceCollectives& collectives_;
    device::SideStream stream_;
};

}  // namespace

std::unique_ptr<RankSum> make_device_sum(device::DeviceCollectives& collectives,
                                         torch::Device device) {
    return std::make_unique<DeviceSum>(collectives, device);
}

}  // namespace tessera::parallel
