#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <tessera/device/side_stream.hpp>

namespace tessera::device {

namespace {

c10::Stream current_stream(torch::Device device) {
    return c10::impl::VirtualGuardImpl(device.type()).getStream(device);
}

/// `later` waits for all that is queued on `earlier`.
void order(c10::Stream const& earlier, c10::Stream const& later) {
    c10::Event event(earlier.device_type());
    event.record(earlier);
    event.block(later);
}

}  // namespace

Marker::Marker(torch::Device device) {
    if (device.is_cpu()) return;
    event_.emplace(device.type());
    event_->record(current_stream(device));
}

bool Marker::passed() const {
    return !event_ || event_->query();
}

SideStream::SideStream(torch::Device device, Priority priority) : device_(device) {
    if (device.is_cpu()) return;
    stream_ = c10::impl::VirtualGuardImpl(device.type())
                  .getStreamFromGlobalPool(device, priority == Priority::high);
}

void SideStream::follow() {
    if (stream_) order(current_stream(device_), *stream_);
}

void SideStream::run(std::function<void()> const& work) {
    std::optional<c10::StreamGuard> guard;
    if (stream_) guard.emplace(*stream_);
    work();
}

void SideStream::join() {
    if (stream_) order(*stream_, current_stream(device_));
}

void SideStream::hand_over(at::Tensor const& tensor) {
    if (stream_ && tensor.defined()) tensor.record_stream(current_stream(device_));
}

}  // namespace tessera::device
