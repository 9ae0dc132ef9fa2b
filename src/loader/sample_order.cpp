#include <tessera/base/error.hpp>
#include <tessera/base/random.hpp>
#include <tessera/loader/sample_order.hpp>

namespace tessera::loader {

Place place_at(std::uint64_t position, std::uint64_t samples, std::uint64_t seed, Order order) {
    base::validate(samples > 0, base::ExitCode::failed, "a sample order over no samples");
    if (order == Order::plain) {
        base::validate(position < samples, base::ExitCode::failed,
                       "position {} is past the last of {} samples", position, samples);
        return {0, position};
    }
    auto const epoch = static_cast<std::uint32_t>(position / samples);
    return {epoch, base::KeyedPermutation(samples, seed, epoch)(position % samples)};
}

}  // namespace tessera::loader
