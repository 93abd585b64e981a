/* SPDX-License-Identifier: Apache-2.0 */
/* Door of the wire: the adapters of live mode played inside the simulator against doubles of MLflow, Prometheus and Alertmanager that speak bytes. */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "core/base/err.h"
#include "sim/campaign/campaign.h"

struct wire; /* Of one process: forked workers each have their own copy. */

enum err wire_open(struct wire **ret_wire, struct err_text *ret_text) MUST_USE;
void wire_close(struct wire *wire);
/* The port that a campaign is given. Faults come from the streams "wire/..." of each episode's seed. */
struct wire_port wire_port_of(struct wire *wire);

#endif
