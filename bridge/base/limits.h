/* limits - the named caps of everything that comes from outside. */
// SPDX-License-Identifier: Apache-2.0
#ifndef BRIDGE_BASE_LIMITS_H
#define BRIDGE_BASE_LIMITS_H

enum {
	DEVICE_SIZE = 129,	  /* 128 bytes of UTF-8 and the NUL */
	SIM_SIZE = 129,		  /* a SIM's sid or unique_name */
	SID_SIZE = 35,		  /* HC, HS or AC and 32 hex digits */
	COMMAND_ID_SIZE = 65,	  /* a sender's id */
	SMS_CHARACTERS = 160,	  /* of a body towards a SIM */
	SMS_SIZE = 3 * 160 + 1,	  /* the same in UTF-8: no GSM 03.38 character needs more than 3 bytes */
	MO_SIZE = 8192,		  /* a body from a SIM: stored as it comes */
	MQTT_PAYLOAD_MAX = 65536, /* a command or request message */
	TOPIC_SIZE = 513,	  /* any topic that we subscribe to or publish on */
	CORRELATION_MAX = 256,	  /* MQTT 5 Correlation Data that is echoed */
	FORM_BODY_MAX = 16384,	  /* a webhook request's body or query */
	API_ANSWER_MAX = 4194304, /* an answer of the API: a list page of 1000 */
	ERROR_CODE_SIZE = 65,	  /* ErrorCode as the API gives it */
	ERROR_TEXT_SIZE = 257,	  /* ErrorMessage, or our own reason */
	JSON_DEPTH_MAX = 96,	  /* 80 brackets that open and as many that close fill an SMS */
	URL_SIZE = 1025,
	WHY_SIZE = 512 /* a sentence that says what is wrong, where, and what to do */
};

#endif
