#include "watch_report.hpp"

namespace tessera::comm {

using Link = Standing::Link;

Standing standing_of(WatchReport const& report) {
    return {.link = report.leaves ? Link::goodbye : Link::up,
            .silent = 0,
            .still = report.still,
            .idle = report.idle,
            .inside = report.inside,
            .disk = report.disk,
            .collectives = report.collectives,
            .step = report.step,
            .phase = taken(report.phase),
            .collective = taken(report.collective),
            .host = taken(report.host)};
}

}  // namespace tessera::comm
