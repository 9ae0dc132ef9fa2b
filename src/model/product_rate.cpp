#include "products.hpp"

#include <algorithm>

#include <tessera/base/time.hpp>
#include <tessera/model/product_rate.hpp>

namespace tessera::model {

double product_rate(torch::Device device, at::ScalarType type) {
    at::NoGradGuard const no_gradient;
    auto const options = torch::TensorOptions(device).dtype(type);
    // Enough for some milliseconds on a GPU, whose clock this host is not.
    std::int64_t const tokens = device.is_cpu() ? 512 : 32768;
    auto const rows = torch::ones({tokens, 768}, options);
    auto const weight = torch::ones({3072, 768}, options);
    auto const operations = 2.0 * static_cast<double>(tokens) * 768 * 3072;
    constexpr int times = 6;
    double best = 0;
    for (int i = 0; i < times; ++i) {
        base::Stopwatch const clock;
        // Reading one value back waits for the product.
        times_transposed(rows, weight)[0][0].item<float>();
        best = std::max(best, operations / clock.seconds());
    }
    return best;
}

}  // namespace tessera::model
