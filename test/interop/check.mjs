// Has other people's libraries verify what one issuer published. Reads one JSON
// object of the form that `cocarde demo --once --json` prints:
//
//   {issuer, jwks, attestations: [{public, with_disclosure, handle, report}], status_lists: {uri: token}}
//
// and prints a JSON line for each thing verified. Exits 1 if anything is refused or
// says something else than the report.
//
// These libraries are oracles for what must pass, not for what must fail.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { getListFromStatusListJWT, getStatusListFromJWT } from '@sd-jwt/jwt-status-list';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import { compactVerify, createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';

const published = JSON.parse(await text(process.stdin));
const keys = createLocalJWKSet(published.jwks);
const algorithms = ['ES256'];
const hasher = (data, alg) => createHash(alg.replace('sha-', 'sha')).update(data).digest();

const sdjwt = new SDJwtVcInstance({
  hasher,
  hashAlg: 'sha-256',
  verifier: async (data, signature) => {
    await compactVerify(`${data}.${signature}`, keys, { algorithms });
    return true;
  },
  statusListFetcher: async (uri) => {
    assert.ok(uri in published.status_lists, `no status list for ${uri}`);
    return published.status_lists[uri];
  },
});

function say(what, how, details) {
  console.log(JSON.stringify({ what, how, ...details }));
}

async function checkToken(form, token, attestation) {
  const jws = token.split('~')[0];
  assert.equal(decodeProtectedHeader(jws).typ, 'dc+sd-jwt');
  const signed = await jwtVerify(jws, keys, { algorithms, typ: 'dc+sd-jwt', issuer: published.issuer });
  say(form, 'jose', { kid: signed.protectedHeader.kid, jti: signed.payload.jti });

  const { payload } = await sdjwt.verify(token);
  assert.equal(`@${payload.acct.slice('acct:'.length)}`, attestation.handle);
  assert.equal(payload.iss, published.issuer);
  const claimed = attestation.report?.attestation;
  if (claimed) {
    assert.deepEqual([claimed.id, claimed.actor, claimed.agency], [payload.jti, payload.sub, payload.agency]);
  }
  say(form, '@sd-jwt/sd-jwt-vc', { handle: attestation.handle, vct: payload.vct, email: payload.email });
  return payload;
}

async function checkStatus(token) {
  const { idx, uri } = getStatusListFromJWT(token.split('~')[0]);
  const list = published.status_lists[uri];
  const { payload } = await jwtVerify(list, keys, { algorithms, typ: 'statuslist+jwt', subject: uri });
  assert.equal(payload.status_list.bits, 2);
  const status = getListFromStatusListJWT(list).getStatus(idx);
  assert.equal(status, 0, 'the attestation is not valid');
  say('status', '@sd-jwt/jwt-status-list', { uri, idx, status });
}

assert.ok(published.attestations.length > 0, 'there is nothing to verify');
for (const attestation of published.attestations) {
  const hidden = await checkToken('public', attestation.public, attestation);
  assert.equal(hidden.email, undefined, 'the public form shows the mailbox');
  const shown = await checkToken('with_disclosure', attestation.with_disclosure, attestation);
  assert.match(shown.email ?? '', /^[^@]+@[^@]+$/, 'the disclosure shows no mailbox');
  const mailbox = attestation.report?.attestation?.mailbox;
  assert.ok(mailbox === undefined || mailbox === shown.email, 'report and disclosure differ');
  await checkStatus(attestation.public);
}
