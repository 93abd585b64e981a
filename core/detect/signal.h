/* SPDX-License-Identifier: Apache-2.0 */
/* What a stream detector says after an observation. */
#ifndef CORE_DETECT_SIGNAL_H
#define CORE_DETECT_SIGNAL_H

enum detect_signal { DETECT_NONE, DETECT_WARNING, DETECT_DRIFT };

#endif
