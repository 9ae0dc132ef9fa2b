#pragma once

namespace tessera::model {

/// Floating-point operations a second of the matrix products of a feed-forward layer, float32, on
/// this machine with the threads that are set: the best of some, half a second of work.
double product_rate();

}  // namespace tessera::model
