#include "background_save.hpp"

#include <exception>
#include <utility>

#include <tessera/base/log.hpp>

namespace tessera::train {

BackgroundSave::~BackgroundSave() {
    try {
        wait();
    } catch (std::exception const& error) {
        base::log_error("the last checkpoint was not written: {}", error.what());
    }
}

void BackgroundSave::start(std::function<void()> write) {
    wait();
    running_ = std::async(std::launch::async, [this, write = std::move(write)] {
        try {
            write();
        } catch (...) {
            failed_.store(true);
            throw;
        }
    });
}

void BackgroundSave::wait() {
    if (!running_.valid()) return;
    running_.wait();
    failed_.store(false);
    running_.get();
}

std::vector<checkpoint::NamedTensor> copied(std::vector<checkpoint::NamedTensor> tensors) {
    for (auto& [name, tensor] : tensors)
        tensor = tensor.detach().to(at::kCPU, tensor.scalar_type(), /*non_blocking=*/false,
                                    /*copy=*/true);
    return tensors;
}

}  // namespace tessera::train
