export async function handleUpload({ id }) {
  console.log(`${id} begins`);
  console.error(`${id} ends`);
}
